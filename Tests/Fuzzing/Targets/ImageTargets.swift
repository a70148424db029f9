import BundleFormat
import FoundationEssentials
import ImageLayout

@testable import OCI
@testable import Registry

extension FuzzTarget {
    /// The name of an image, in any spelling.
    static let reference = FuzzTarget("reference") { input in
        guard let reference = accepted({ try ImageReference(parsing: text(input)) }) else { return }
        let printed = accepted { try ImageReference(parsing: reference.description) }
        try hold(printed == reference, "a reference reads back as it was printed")
        let asked = accepted { try ImageReference(parsing: reference.runtimeName) }
        try hold(asked?.runtimeName == reference.runtimeName, "the runtime's name is its own runtime's name")
        try hold(reference.description.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "a name is printable ASCII")
    }

    /// A digest.
    static let digest = FuzzTarget("digest") { input in
        guard let digest = accepted({ try Digest(parsing: text(input)) }) else { return }
        try hold(Array(digest.description.utf8) == input, "a digest has one spelling")
        let bytes = Digest(algorithm: digest.algorithm, bytes: digest.bytes)
        try hold(bytes == digest, "a digest is its bytes")
    }

    /// An index, a manifest, a config or a bundle's description: the first byte says which.
    static let document = FuzzTarget("document") { input in
        let bytes = Data(input.dropFirst())
        switch input.first {
        case UInt8(ascii: "m"):
            try readsBack(accepted { try Document<Manifest>(bytes: bytes, mediaType: .ociManifest).value })
        case UInt8(ascii: "i"):
            try readsBack(accepted { try Document<ImageIndex>(bytes: bytes, mediaType: .ociIndex).value })
        case UInt8(ascii: "b"):
            try readsBack(accepted { try Document<BundleDescription>(bytes: bytes, mediaType: .bundleConfig).value })
        case UInt8(ascii: "c"):
            _ = accepted { try Document<ImageConfig>(bytes: bytes, mediaType: .ociConfig) }
        default:
            let answer = accepted { try ManifestDocument(bytes: bytes, contentType: nil, algorithm: .sha256) }
            try hold(answer.map { $0.bytes == bytes } ?? true, "a document is carried as it came")
        }
    }

    private static func readsBack<Value: Codable & Equatable>(_ value: Value?) throws {
        guard let value else { return }
        let bytes = try encodeJSON(value)
        try hold(accepted { try decodeJSON(bytes, as: "it") } == value, "a document reads back as it was written")
    }

    /// Documents that lead to each other, parted by a record separator, the top one first. `@N` in one of them stands
    /// for the digest of the N-th, `#N` for its size: no mutation would ever hit a digest.
    static let graph = FuzzTarget("graph") { input in
        var documents = input.split(separator: 0x1E, maxSplits: 9, omittingEmptySubsequences: false).map { Array($0) }
        for index in documents.indices.reversed() {
            documents[index] = resolved(documents[index], by: documents)
        }
        let store = Dictionary(documents.map { (Digest.of(Data($0)), Data($0)) }) { first, _ in first }
        var graph = ImageGraph(platforms: [.linuxAMD64, .linuxARM64])
        var loaded = 0
        for role in [MediaType.ociIndex, .dockerManifest] {
            let top = Data(documents[0])
            let descriptor = Descriptor(mediaType: role, digest: .of(top), size: Int64(top.count))
            _ = accepted {
                try graph.add(descriptor) { wanted in
                    loaded += 1
                    return store[wanted.digest] ?? Data()
                }
            }
        }
        try hold(loaded <= 200, "a document is loaded once for each image at most")
        for (digest, document) in graph.documents {
            try hold(Digest.of(document.bytes, algorithm: digest.algorithm) == digest, "a document fits its digest")
        }
        try hold(graph.layers.values.allSatisfy { $0.size <= ImageGraph.blobLimit }, "no layer is larger than allowed")
    }

    private static func resolved(_ document: [UInt8], by documents: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = document[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "@") || byte == UInt8(ascii: "#"), let digit = rest.first,
                let target = documents.indices.first(where: { $0 == Int(digit) - 0x30 })
            else {
                result.append(byte)
                continue
            }
            rest = rest.dropFirst()
            let bytes = Data(documents[target])
            result += byte == UInt8(ascii: "@") ? Digest.of(bytes).description.utf8 : "\(bytes.count)".utf8
        }
        return result
    }
}
