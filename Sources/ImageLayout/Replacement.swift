package import FoundationEssentials
package import OCI

/// Content that stands in the place of a registry's: a layer that was encoded anew, or a manifest or an index that leads
/// to such a layer.
package struct Replacement: Hashable, Sendable, Codable {
    /// What the registry has.
    package var original: Descriptor
    package var replacement: Descriptor

    package init(of original: Descriptor, by replacement: Descriptor) {
        self.original = original.bare
        self.replacement = replacement.bare
    }
}

/// Replacements by what they replace, and what they make of the documents that name it.
///
/// A rewritten document is of OCI's types, since Docker's know no zstd layers; all but the descriptors that had to change
/// stays as it was: order, annotations, platforms, fields that nobody here knows, and above all the config.
package struct Replacements: Sendable {
    private var table: [Digest: Descriptor] = [:]

    package init(_ list: some Sequence<Replacement> = []) {
        for entry in list { add(entry) }
    }

    package mutating func add(_ entry: Replacement) { table[entry.original.digest] = entry.replacement }

    /// What stands in the place of `original`; `nil` where it stands for itself.
    package subscript(original: Digest) -> Descriptor? { table[original] }

    /// Whether layers of a media type may be encoded anew: those that are tar archives for everybody, and no foreign or
    /// encrypted ones.
    package static func isEncodable(_ mediaType: MediaType) -> Bool {
        [.ociLayer, .ociLayerGzip, .dockerLayer, .dockerLayerGzip].contains(mediaType)
    }

    /// The index or manifest `bytes` with everything replaced that it leads to; `nil` where that is nothing.
    ///
    /// Throws ``Malformed`` where it is not JSON, and what encoding throws.
    package func rewritten(_ bytes: Data, as mediaType: MediaType) throws -> Data? {
        try value(of: bytes, as: mediaType).map { try encodeJSON($0) }
    }

    /// Whether `replacement` is what the index or manifest `original` becomes, however its JSON is spelled.
    ///
    /// Throws ``Malformed`` where one of them is not JSON.
    package func turn(_ original: Data, as mediaType: MediaType, into replacement: Data) throws(Malformed) -> Bool {
        let found: JSONValue = try decodeJSON(replacement, as: "document")
        return try value(of: original, as: mediaType) == found
    }

    private func value(of bytes: Data, as mediaType: MediaType) throws(Malformed) -> JSONValue? {
        let value: JSONValue = try decodeJSON(bytes, as: "document")
        guard case .object(let document) = value else { return nil }
        return mediaType.role == .index ? index(document) : manifest(document)
    }

    private func index(_ document: [String: JSONValue]) -> JSONValue? {
        guard case .array(let children) = document["manifests"] else { return nil }
        let new = children.map { replaced($0) { _ in true } }
        guard new != children else { return nil }
        var document = document
        document["manifests"] = .array(new)
        if document["mediaType"] != nil { document["mediaType"] = .string(MediaType.ociIndex.rawValue) }
        return .object(document)
    }

    private func manifest(_ document: [String: JSONValue]) -> JSONValue? {
        guard case .array(let layers) = document["layers"] else { return nil }
        let new = layers.map { replaced($0, Self.isEncodable) }
        guard new != layers else { return nil }
        var document = document
        document["layers"] = .array(new.map(Self.translated))
        document["config"] = document["config"].map(Self.translated)
        if document["mediaType"] != nil { document["mediaType"] = .string(MediaType.ociManifest.rawValue) }
        return .object(document)
    }

    /// The descriptor `value` with what stands in its place; where else to get the old bytes, and the bytes themselves,
    /// go with them.
    private func replaced(_ value: JSONValue, _ isConcerned: (MediaType) -> Bool) -> JSONValue {
        guard case .object(var descriptor) = value, let type = descriptor["mediaType"]?.text,
            isConcerned(MediaType(rawValue: type)), let text = descriptor["digest"]?.text,
            let digest = try? Digest(parsing: text),  // what is no digest is replaced by nothing
            let new = table[digest]
        else { return value }
        descriptor["mediaType"] = .string(new.mediaType.rawValue)
        descriptor["digest"] = .string(new.digest.description)
        descriptor["size"] = .integer(new.size)
        descriptor["urls"] = nil
        descriptor["data"] = nil
        return .object(descriptor)
    }

    /// The descriptor `value` with OCI's name for a type of Docker's.
    private static func translated(_ value: JSONValue) -> JSONValue {
        guard case .object(var descriptor) = value, let type = descriptor["mediaType"]?.text,
            let new = MediaType(rawValue: type).inOCI
        else { return value }
        descriptor["mediaType"] = .string(new.rawValue)
        return .object(descriptor)
    }
}

extension MediaType {
    /// Docker's name for an uncompressed layer.
    package static let dockerLayer = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar")
    private static let dockerForeignLayer =
        MediaType(rawValue: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    private static let dockerLayerZstd = MediaType(rawValue: "application/vnd.docker.image.rootfs.diff.tar.zstd")
    private static let ociForeignLayer =
        MediaType(rawValue: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")

    /// What OCI calls what Docker calls so; `nil` for all other types.
    fileprivate var inOCI: MediaType? {
        switch self {
        case .dockerConfig: .ociConfig
        case .dockerLayer: .ociLayer
        case .dockerLayerGzip: .ociLayerGzip
        case .dockerLayerZstd: .ociLayerZstd
        case .dockerForeignLayer: .ociForeignLayer
        default: nil
        }
    }
}
