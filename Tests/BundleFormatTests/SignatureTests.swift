import BundleFormat
import FoundationEssentials
import Frames
import HostileBundles
import ImageLayout
import OCI
import Signatures
import SystemPackage
import Tarball
import TestSupport
import Testing

/// Signed bundles: what stands where, who is believed, and what is refused before it is looked at.
@Suite struct SignatureTests {
    private static func trust(_ keys: PrivateKey...) -> TrustedKeys {
        TrustedKeys(keys.enumerated().map { TrustedKey($1.publicKey, at: FilePath("key-\($0).pub")) })
    }

    @Test(arguments: KeyType.allCases) func theSignatureStandsAfterTheIndex(_ type: KeyType) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let key = try PrivateKey.generate(type)
        let sample = try SampleBundle(signer: key)
        try sample.write(to: path)
        let bundle = try BundleReader(opening: path, trusting: Self.trust(key))
        #expect(bundle.signature == .made(by: TrustedKey(key.publicKey, at: "key-0.pub")))
        #expect(bundle.contents.members.prefix(3).map(\.name) == ["oci-layout", "index.json", "index.json.sig"])
        #expect(try BundleReader(opening: path).signature == .unchecked)
        #expect(await complaint(about: path) == "")
        let blobs = try bundle.blobRanges()
        let reader = FrameReader(bundle.file)
        for (digest, range) in blobs {
            var hasher = DigestHasher(digest.algorithm)
            try reader.read(range) { hasher.update($0) }
            #expect(hasher.digest() == digest)
        }
    }

    @Test func aSignatureChangesNothingButItsMember() throws {
        let folder = TemporaryDirectory()
        let key = try PrivateKey.generate(.ed25519)
        let (plain, signed) = (try SampleBundle(), try SampleBundle(signer: key))
        #expect(plain.index == signed.index)
        let (before, after) = (plain.contents.members.map(\.name), signed.contents.members.map(\.name))
        #expect(after.filter { $0 != BundleSignature.member } == before)
        try signed.write(to: folder.file("a"), workers: 1)
        try signed.write(to: folder.file("b"), workers: 3)
        #expect(try contents(of: folder.file("a")) == contents(of: folder.file("b")))
    }

    @Test(arguments: [false, true]) func takingOverTheFramesGivesWhatPackingGives(hasBill: Bool) throws {
        let folder = TemporaryDirectory()
        let (first, second) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
        let sample = try SampleBundle { $0.hasBill = hasBill }
        try sample.write(to: folder.file("plain"))
        try sample.signed(by: first).write(to: folder.file("first"))
        try sample.signed(by: second).write(to: folder.file("second"))
        // An unsigned archive is signed; a signed one is signed anew.
        for origin in ["plain", "first"] {
            let bundle = try BundleReader(opening: folder.file(origin))
            let target = folder.file("\(origin)-second")
            let file = try FileDescriptor.open(
                target, .writeOnly, options: [.create], permissions: FilePermissions(rawValue: 0o644))
            try file.closeAfter {
                _ = try BundleWriter(bundle.contents.signed(by: second)).write(
                    to: file, at: target, workers: 2, withPayloadOf: bundle,
                    appendix: try bundle.appendix()?.signed(by: second), progress: { _ in })
            }
            #expect(try contents(of: target) == contents(of: folder.file("second")), "\(origin)")
        }
    }

    @Test func onlyAKeyThatFitsIsBelieved() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let (key, other) = (try PrivateKey.generate(.ecdsaP256), try PrivateKey.generate(.ed25519))
        try SampleBundle(signer: key).write(to: path)
        let standing = try BundleReader(opening: path, trusting: Self.trust(other, key)).signature
        #expect(standing == .made(by: TrustedKey(key.publicKey, at: "key-1.pub")))
        let error = #expect(throws: BundleError.self) {
            try BundleReader(opening: path, trusting: Self.trust(other))
        }
        guard case .untrusted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.description.contains("key-0.pub (\(other.publicKey.fingerprint))") == true)
        #expect(error?.hint != nil)
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout [SampleBundle.Member], PrivateKey) throws -> Void

        init(
            _ name: String, _ change: @escaping @Sendable (inout [SampleBundle.Member], PrivateKey) throws -> Void
        ) {
            testDescription = name
            self.change = change
        }
    }

    private static func member(_ bytes: Data) throws -> SampleBundle.Member { try .init("index.json.sig", bytes) }

    static let forgeries: [Forgery] = [
        Forgery("no signature") { members, _ in members.remove(at: 2) },
        Forgery("a signature at the end") { members, _ in members.append(members.remove(at: 2)) },
        Forgery("a signature before the index") { members, _ in members.swapAt(1, 2) },
        Forgery("something before it") { members, _ in
            members.insert(try .init("a", Data("x".utf8)), at: 0)
        },
        Forgery("something between") { members, _ in members.insert(try .init("a", Data("x".utf8)), at: 2) },
        Forgery("another index before the one that was signed") { members, _ in
            members.insert(try .init("index.json", members[1].bytes + Data(" ".utf8)), at: 1)
        },
        Forgery("an index that was changed") { members, _ in
            members[1] = try .init("index.json", members[1].bytes + Data("\n".utf8))
        },
        Forgery("a signature over something else") { members, key in
            members[2] = try member(BundleSignature(of: Data("x".utf8), by: key).encoded)
        },
        Forgery("an empty signature") { members, _ in members[2] = try member(Data()) },
        Forgery("a signature without its line break") { members, _ in
            members[2] = try member(Data(members[2].bytes.dropLast()))
        },
        Forgery("a signature with another line") { members, _ in
            members[2] = try member(members[2].bytes + Data("\n".utf8))
        },
        Forgery("a signature with space in it") { members, _ in
            members[2] = try member(Data(" ".utf8) + members[2].bytes)
        },
        Forgery("a signature in binary") { members, key in
            members[2] = try member(Data(BundleSignature(of: members[1].bytes, by: key).bytes))
        },
        Forgery("a signature that is too long") { members, _ in
            members[2] = try member(Data(repeating: 0x41, count: 1 << 20))
        },
    ]

    @Test(arguments: forgeries) func isRefusedWhereKeysAreKnown(_ forgery: Forgery) async throws {
        for type in KeyType.allCases {
            let folder = TemporaryDirectory()
            let path = folder.file("x")
            let key = try PrivateKey.generate(type)
            var members = try SampleBundle(signer: key).members()
            try forgery.change(&members, key)
            try SampleBundle.reframe(members, to: path)
            #expect(throws: BundleError.self) { try BundleReader(opening: path, trusting: Self.trust(key)) }
            // Without a key nothing is proven, but what breaks the layout is still found.
            let isSoundLayout = ["no signature", "a signature over something else", "an index that was changed"]
            guard !isSoundLayout.contains(forgery.testDescription) else { continue }
            #expect(await complaint(about: path) != "")
        }
    }

    /// What is behind the signature is not looked at before it is believed: it could be anything.
    @Test func nothingIsReadBehindASignatureThatIsNotBelieved() throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let (key, other) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
        let index = Data("not even JSON".utf8)
        let head = try SampleBundle(signer: key).members()[0]
        let members = [
            head, try .init("index.json", index), try Self.member(BundleSignature(of: index, by: key).encoded),
            try .init("../escape", Data("x".utf8)),
        ]
        try SampleBundle.reframe(members, to: path)
        func complaint(_ keys: TrustedKeys) -> String {
            do {
                _ = try BundleReader(opening: path, trusting: keys)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(complaint(Self.trust(other)).contains("does not fit the key key-0.pub"))
        #expect(complaint(Self.trust(key)).contains("index"))
        #expect(!complaint(Self.trust(key)).contains("signature"))
    }

    @Test func everyFlippedBitOfASignedArchiveIsFound() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x")
        let key = try PrivateKey.generate(.ed25519)
        try SampleBundle { $0.images = [($0.images[0].reference, try TestImage(layers: [200], seed: 1))] }
            .signed(by: key).write(to: path)
        let whole = try contents(of: path)
        for place in stride(from: 0, to: whole.count, by: 37) {
            var damaged = whole
            damaged[place] ^= 1 << (place % 8)
            try write(damaged, to: path)
            #expect(await complaint(about: path) != "", "byte \(place)")
        }
    }
}
