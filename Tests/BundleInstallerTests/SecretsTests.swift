import BundleFormat
import FoundationEssentials
import Frames
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller
@testable import Cluster

@Suite struct SecretsTests {
    private let secrets = Secrets(["hunter22", #"qu"ote\d"#, "abc"])

    @Test(arguments: [
        ("login hunter22!", "login [removed]!"), ("hunter22hunter22", "[removed][removed]"),
        ("abc is too short", "abc is too short"), (#"{"p":"qu\"ote\\d"}"#, #"{"p":"[removed]"}"#),
        (#"qu"ote\d"#, "[removed]"), ("", ""), ("hunter2", "hunter2"),
    ])
    func takesOut(text: String, left: String) { #expect(secrets.removed(from: text) == left) }

    @Test(arguments: ["", "u:", "user:", "admin:"], ["", "\n", "!!"])
    func takesOutOfBase64WhateverStandsAround(before: String, after: String) {
        let encoded = Data((before + "hunter22" + after).utf8).base64EncodedString()
        let left = secrets.removed(from: "Basic \(encoded)")
        #expect(left.contains("[removed]"))
        // The last letters may be told by what follows them; the others are gone.
        for shift in 0..<3 {
            let inner = Data([UInt8](repeating: 0, count: shift) + Array("hunter".utf8)).base64EncodedString()
            #expect(!left.contains(inner.dropFirst([0, 2, 3][shift]).prefix(5)))
        }
    }
}

@Suite struct DummyRouteTests {
    @Test func theUnitMakesWhatItSaysBeforeKubernetesStarts() {
        let lines = DummyRoute.unitText.split(separator: "\n").map { String($0) }
        #expect(lines.contains("Before=k0scontroller.service k0sworker.service"))
        #expect(lines.contains("ExecStart=ip address replace 203.0.113.254/31 dev sealift0"))
        #expect(lines.contains("ExecStart=ip route replace default via 203.0.113.255 dev sealift0 metric 1000"))
        #expect(lines.contains("WantedBy=multi-user.target"))
        #expect(DummyRoute.interface.utf8.count < 16, "the kernel's limit")
        for line in lines where line.hasPrefix("Exec") { #expect(!line.contains("${")) }
    }
}

@Suite struct ArchiveProofTests {
    @Test func anArchiveThatWasReplacedIsProvenAgain() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("bundle")
        let first = try ArchiveProof(of: TestBundle().write(to: path)).inputs
        #expect(try ArchiveProof(of: BundleReader(opening: path)).inputs == first)
        let copy = directory.file("copy")
        try write(contents(of: path), to: copy)
        #expect(try ArchiveProof(of: BundleReader(opening: copy)).inputs != first)
        // The same bytes in the same place, written anew.
        try FileManager.default.removeItem(atPath: path.string)
        try FileManager.default.moveItem(atPath: copy.string, toPath: path.string)
        #expect(try ArchiveProof(of: BundleReader(opening: path)).inputs != first)
    }

    @Test func partsAreOneArchiveWhicheverIsNamed() throws {
        let directory = TemporaryDirectory()
        let whole = directory.file("bundle")
        let first = try ArchiveProof(of: TestBundle().write(to: whole)).inputs
        let bytes = try PartedFile(opening: whole)
        let list = try PartsWriter.write(directory.file("b"), limit: bytes.size / 3) { target in
            var output = ArchiveOutput(to: target)
            try bytes.read(0..<bytes.size) { try output.write([$0]) }
            return output.finish()
        }
        func inputs(_ name: String) throws -> Digest {
            try ArchiveProof(of: BundleReader(opening: directory.file(name))).inputs
        }
        let parted = try inputs("b.001")
        #expect(parted != first)
        #expect(try inputs("b.parts.json") == parted)
        // The same bytes in one part, written anew.
        let path = directory.file(list.parts[1].name)
        let part = try contents(of: path)
        try FileManager.default.moveItem(atPath: path.string, toPath: directory.file("old").string)
        try write(part, to: path)
        #expect(try inputs("b.001") != parted)
    }

    @Test func namesTheFirstDamage() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("bundle")
        var bundle = TestBundle()
        bundle.layers.append(.init("files/large", .file, ""))
        bundle.layers[1].bytes = seededBytes(3 << 20, seed: 7)
        bundle.description.files = [.init(name: "files/large", mode: "0644")]
        _ = try bundle.write(to: path)
        var bytes = try contents(of: path)
        bytes[bytes.count / 2] ^= 1
        try write(bytes, to: path)
        let events = Record<String>()
        let proof = try ArchiveProof(of: BundleReader(opening: path))
        await #expect {
            try await proof.run(workers: 1, count: 5) { event in
                if case .began(let step, _, 1, 5) = event { events.add("began \(step)") }
                if case .failed(let step, _) = event { events.add("failed \(step)") }
            }
        } throws: { error in
            guard case .damaged(path, let faults, let first) = error as? InstallError else { return false }
            return faults > 0 && first.hasPrefix("blobs/sha256/")
        }
        #expect(events.all == ["began archive", "failed archive"])
    }
}

@Suite struct InstallSummaryTests {
    private static let ingresses: [(spec: String, addresses: [String])] = [
        (
            #"{"rules":[{"http":{"paths":[{"path":"/nifi"},{"path":"/"}]}}]}"#,
            ["http://192.0.2.7/nifi", "http://192.0.2.7/"]
        ),
        (#"{"rules":[{"host":"a.example","http":{"paths":[{}]}}]}"#, ["http://a.example/"]),
        (
            #"{"tls":[{"hosts":["a.example"]}],"rules":[{"host":"a.example","http":{"paths":[{"path":"/"}]}},"#
                + #"{"host":"b.example","http":{"paths":[{"path":"/x"}]}}]}"#,
            ["https://a.example/", "http://b.example/x"]
        ),
        (#"{"tls":[{"secretName":"s"}],"rules":[{"http":{"paths":[{"path":"/"}]}}]}"#, ["https://192.0.2.7/"]),
        (#"{"defaultBackend":{}}"#, []), (#"{"rules":[{"host":"a.example"}]}"#, []), (#"{"rules":7}"#, []), ("{}", []),
    ]

    @Test(arguments: ingresses) func tellsWhereThePagesAre(spec: String, addresses: [String]) throws {
        let ingress = try #require(JSON.documents(Array(#"{"kind":"Ingress","spec":\#(spec)}"#.utf8))?.first)
        #expect(InstallSummary.addresses(of: ingress, node: "192.0.2.7") == addresses)
    }

    @Test(arguments: [
        (":8083/", ["http://192.0.2.7:8083/"]), ("/page", ["http://192.0.2.7/page"]), ("", []),
        ("https://a.example:1/b", ["https://a.example:1/b"]),
    ])
    func anIngressSaysItself(_ page: String, _ addresses: [String]) throws {
        let text = """
            {"metadata":{"annotations":{"sealift/page":"\(page)"}},
            "spec":{"rules":[{"host":"","http":{"paths":[{"path":"/"},{"path":"/a"}]}}]}}
            """
        let ingress = try #require(JSON.documents(Array(text.utf8))?.first)
        #expect(InstallSummary.addresses(of: ingress, node: "192.0.2.7") == addresses)
    }

    @Test func anIPv6AddressHasBrackets() throws {
        let text = #"{"spec":{"rules":[{"http":{"paths":[{"path":"/"}]}}]}}"#
        let ingress = try #require(JSON.documents(Array(text.utf8))?.first)
        #expect(InstallSummary.addresses(of: ingress, node: "2001:db8::7") == ["http://[2001:db8::7]/"])
    }
}
