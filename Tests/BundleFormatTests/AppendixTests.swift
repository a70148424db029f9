import BundleFormat
import FoundationEssentials
import HostileBundles
import OCI
import Signatures
import SystemPackage
import TestSupport
import Testing
import Threads

/// The bill of materials behind the blobs.
@Suite struct AppendixTests {
    private static func trust(_ key: PrivateKey) -> TrustedKeys {
        TrustedKeys([TrustedKey(key.publicKey, at: "trusted.pub")])
    }

    @Test func isReadBackAsItWasWritten() async throws {
        let folder = TemporaryDirectory()
        let sample = try SampleBundle { $0.hasBill = true }
        try sample.write(to: folder.file("a"), workers: 1)
        try sample.write(to: folder.file("b"), workers: 3)
        #expect(try contents(of: folder.file("a")) == contents(of: folder.file("b")))
        let appendix = try #require(try BundleReader(opening: folder.file("a")).appendix())
        #expect(appendix.bill == sample.appendix?.bill)
        #expect(appendix.signature == nil)
        let report = try await verify(folder.file("a"))
        #expect(report.isSound)
        #expect(report.members == sample.contents.members.count + 1)
        try SampleBundle().write(to: folder.file("none"))
        #expect(try BundleReader(opening: folder.file("none")).appendix() == nil)
    }

    /// What stands behind the blobs may be made of them, read from the archive that is being written.
    @Test func blobsCanBeReadWhereTheyWerePacked() throws {
        let folder = TemporaryDirectory()
        let sample = try SampleBundle { $0.hasBill = true }
        let queue = BoundedQueue<PackedBlob>(capacity: 100)
        let read = Monitor<[Digest: Digest]?>(nil)
        OSThread.spawn(name: "read") {
            var found: [Digest: Digest] = [:]
            while let blob = queue.pop() {
                var bytes = Data()
                var buffer = [UInt8](repeating: 0, count: 300)
                // What can't be read is missed below.
                let payload = try? blob.payload()
                while let count = try? buffer.withUnsafeMutableBytes({ try payload?.read(into: $0) }), count > 0 {
                    bytes += buffer[..<count]
                }
                found[blob.descriptor.digest] = .of(bytes)
            }
            read.update { $0 = found }
        }
        var found: [Digest: Digest] = [:]
        try sample.write(to: folder.file("a")) {
            queue.push($0)
        } behindBlobs: {
            queue.close()
            found = read.wait {
                $0 != nil
            } then: {
                $0 ?? [:]
            }
        }
        #expect(Set(found.keys) == Set(sample.contents.payload.map(\.digest)))
        #expect(found.count > 1)
        for (expected, digest) in found { #expect(digest == expected) }
        try sample.write(to: folder.file("b"))
        #expect(try contents(of: folder.file("a")) == contents(of: folder.file("b")))
    }

    /// RFC 9562: version 8 in the 13th digit, variant 10 in the 17th.
    @Test func theOpeningNamesTheIndex() throws {
        let digest = try Digest(parsing: "sha256:" + String(repeating: "f", count: 64))
        #expect(
            String(decoding: BillOfMaterialsOpening.opening(index: digest), as: UTF8.self) == """
                {"bomFormat":"CycloneDX","specVersion":"1.6",\
                "serialNumber":"urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff","version":1,\
                "metadata":{"component":{"bom-ref":"\(digest)"
                """)
    }

    @Test func isSignedApart() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let (key, other) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
        let sample = try SampleBundle { $0.hasBill = true }
        try sample.signed(by: key).write(to: path)
        #expect(await complaint(about: path) == "")
        #expect(try BundleReader(opening: path, trusting: Self.trust(key)).appendix()?.signature != nil)

        // The index of one key, the bill of another: each alone is well signed.
        var members = try sample.signed(by: key).members()
        members[members.count - 1] = try #require(try sample.signed(by: other).members().last)
        try SampleBundle.reframe(members, to: path)
        #expect(await complaint(about: path) == "")
        let bundle = try BundleReader(opening: path, trusting: Self.trust(key))
        let error = await #expect(throws: BundleError.self) {
            try await BundleVerification(of: bundle).run(workers: 2) { _ in }
        }
        #expect("\(try #require(error))".contains("'sbom.cdx.json.sig' is of none of the keys that are trusted"))
    }

    @Test func everyFlippedBitOfTheBillIsFound() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        try SampleBundle {
            $0.hasBill = true
            $0.images = [($0.images[0].reference, try TestImage(layers: [200], seed: 1))]
        }.write(to: path)
        let whole = try contents(of: path)
        for place in max(0, whole.count - 1200)..<whole.count {
            var damaged = whole
            damaged[place] ^= 1 << (place % 8)
            try write(damaged, to: path)
            #expect(await complaint(about: path) != "", "byte \(place)")
        }
    }
}
