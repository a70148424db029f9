internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import Signatures

/// What stands behind the blobs is not the bundle's bill of materials, or not only.
extension HostileArchive {
    private static func bill(
        _ name: String, _ complaint: String, isSigned: Bool = false,
        _ change: @escaping @Sendable (inout [SampleBundle.Member]) throws -> Void
    ) -> HostileArchive {
        HostileArchive("bill: \(name)", complaint) { path in
            var sample = try SampleBundle { $0.hasBill = true }
            if isSigned { sample = try sample.signed(by: .generate(.ed25519)) }
            var members = try sample.members()
            try change(&members)
            try SampleBundle.reframe(members, to: path)
        }
    }

    private static func other() throws -> Data {
        Data(BillOfMaterialsOpening.opening(index: .of(Data("another".utf8))) + Array("}}}\n".utf8))
    }

    package static let billTricks: [HostileArchive] = [
        bill("none", "is missing") { $0.removeLast() },
        bill("another bundle's", "about this bundle's index.json") {
            $0[$0.count - 1] = try .init(BundleAppendix.billMember, other())
        },
        bill("empty", "about this bundle's index.json") {
            $0[$0.count - 1] = try .init(BundleAppendix.billMember, Data())
        },
        bill("twice", "is there twice") { $0.append($0[$0.count - 1]) },
        bill("before the blobs", "is out of place") { $0.insert($0.removeLast(), at: 2) },
        bill("a file in its place", "does not belong") { $0[$0.count - 1] = try .init("sbom.txt", Data("x".utf8)) },
        bill("something behind it", "does not belong") { $0.append(try .init("more", Data("x".utf8))) },
        bill("signed, in a bundle that is not", "does not belong") {
            $0.append(try .init(BundleAppendix.signatureMember, Data("AAAA\n".utf8)))
        },
        bill("unsigned, in a signed bundle", "is missing", isSigned: true) { $0.removeLast() },
        bill("with a signature that is none", "not a signature", isSigned: true) {
            $0[$0.count - 1] = try .init(BundleAppendix.signatureMember, Data("what?\n".utf8))
        },
        bill("with a signature of a megabyte", "at most", isSigned: true) {
            $0[$0.count - 1] = try .init(BundleAppendix.signatureMember, Data(repeating: 0x41, count: 1 << 20))
        },
        bill("of 65 MiB", "at most") {
            $0[$0.count - 1] = try .init(BundleAppendix.billMember, Data(repeating: 0x20, count: 65 << 20))
        },
        HostileArchive("bill: in a bundle without one", "does not belong") { path in
            var members = try SampleBundle().members()
            members.append(try .init(BundleAppendix.billMember, other()))
            try SampleBundle.reframe(members, to: path)
        },
        HostileArchive("bill: under another name", "a bill of materials is") { path in
            try SampleBundle {
                $0.hasBill = true
                $0.editDescription = { $0.replacing("sbom.cdx.json", with: "../sbom") }
            }.write(to: path)
        },
    ]
}
