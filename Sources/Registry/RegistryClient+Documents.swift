package import FoundationEssentials
internal import HTTP
package import OCI

extension RegistryClient {
    /// Configs are small; what is larger is no config.
    private static let maximumSmallBlob: Int64 = 8 << 20

    /// Asks for the manifest or index that `reference` names: by its digest if it has one, else by its tag.
    ///
    /// - Parameter reference: what to ask for.
    /// - Returns: the document, whose digest is proven where the reference or the registry states one.
    /// - Throws: ``RegistryError`` where there is none that can be accepted.
    package func resolve(_ reference: ImageReference) async throws(RegistryError) -> ManifestDocument {
        let subject = Subject.manifest(of: reference)
        guard let name = reference.digest?.description ?? reference.tag else {
            throw .configuration(reason: "'\(reference)' has neither tag nor digest")
        }
        let target = try target("manifests", name, of: reference, subject: subject)
        let (bytes, response) = try await document(
            target, accept: MediaType.acceptedManifests, limit: configuration.maximumManifestSize)
        var expected = reference.digest
        if expected == nil, let stated = response.headers["docker-content-digest"] {
            do {
                expected = try Digest(parsing: stated)
            } catch {
                throw .malformed(subject, host: target.host, error)
            }
        }
        if let expected { try Self.verify(bytes, expected, target) }
        return try Self.decode(
            bytes, contentType: response.headers["content-type"], algorithm: expected?.algorithm ?? .sha256, target)
    }

    /// Asks for the manifest or index that `descriptor` points to; its size and digest are proven.
    package func manifest(
        _ descriptor: Descriptor, of reference: ImageReference
    ) async throws(RegistryError) -> ManifestDocument {
        let named = ImageReference(
            registry: reference.registry, repository: reference.repository, tag: reference.tag,
            digest: descriptor.digest)
        let target = try target(
            "manifests", descriptor.digest.description, of: reference, subject: .manifest(of: named))
        let limit = configuration.maximumManifestSize
        guard descriptor.size <= limit else { throw .tooLarge(target.subject, host: target.host, limit: limit) }
        var accept = MediaType.acceptedManifests.filter { $0 != descriptor.mediaType }
        accept.insert(descriptor.mediaType, at: 0)
        let bytes = try await document(target, accept: accept, limit: descriptor.size).bytes
        try Self.verify(bytes, size: descriptor.size, descriptor.digest, target)
        return try Self.decode(
            bytes, contentType: descriptor.mediaType.rawValue, algorithm: descriptor.digest.algorithm, target)
    }

    /// Fetches a small blob, such as an image's config, into memory; its size and digest are proven.
    package func blob(_ descriptor: Descriptor, of reference: ImageReference) async throws(RegistryError) -> Data {
        let target = try target(
            "blobs", descriptor.digest.description, of: reference, subject: .blob(descriptor.digest, of: reference))
        guard descriptor.size <= Self.maximumSmallBlob else {
            throw .tooLarge(target.subject, host: target.host, limit: Self.maximumSmallBlob)
        }
        let bytes = try await document(target, accept: [], limit: descriptor.size).bytes
        try Self.verify(bytes, size: descriptor.size, descriptor.digest, target)
        return bytes
    }

    /// Fetches a small text, such as a publisher's list of checksums.
    package func text(url: String, maximumSize: Int) async throws(RegistryError) -> String {
        let target = try fileTarget(url)
        let bytes = try await document(target, accept: [], limit: Int64(maximumSize)).bytes
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformedAnswer(target.subject, host: target.host, reason: "it is not UTF-8 text")
        }
        return text
    }

    /// A plain file's target.
    func fileTarget(_ url: String) throws(RegistryError) -> Target {
        do {
            let parsed = try HTTPURL(parsing: url)
            return Target(subject: .file(parsed.description), url: parsed, realm: nil)
        } catch {
            throw .configuration(reason: "\(error)")
        }
    }

    private func document(
        _ target: Target, accept: [MediaType], limit: Int64
    ) async throws(RegistryError) -> (bytes: Data, response: HTTPResponse) {
        try await withSlot(of: documents, for: target) { () async throws(RegistryError) in
            try await configuration.retry.retrying { () async throws(RegistryError) in
                let sink = CollectingSink()
                var headers: HTTPHeaders = [:]
                headers["Accept"] = accept.isEmpty ? "*/*" : accept.map(\.rawValue).joined(separator: ", ")
                let response = try await exchanger.send(
                    target, headers: headers, limit: limit, sink: sink, timeLimit: configuration.documentTimeout)
                guard response.status == 200 else { throw await exchanger.error(for: response, to: target) }
                return (Data(sink.bytes), response)
            }
        }
    }

    private static func verify(
        _ bytes: Data, size: Int64? = nil, _ expected: Digest, _ target: Target
    ) throws(RegistryError) {
        if let size, size != Int64(bytes.count) {
            throw .sizeMismatch(target.subject, host: target.host, expected: size, actual: Int64(bytes.count))
        }
        let actual = Digest.of(bytes, algorithm: expected.algorithm)
        guard actual == expected else {
            throw .digestMismatch(target.subject, host: target.host, expected: expected, actual: actual)
        }
    }

    private static func decode(
        _ bytes: Data, contentType: String?, algorithm: Digest.Algorithm, _ target: Target
    ) throws(RegistryError) -> ManifestDocument {
        do {
            return try ManifestDocument(bytes: bytes, contentType: contentType, algorithm: algorithm)
        } catch {
            switch error {
            case .unsupported(let mediaType):
                throw .unsupportedMediaType(target.subject, host: target.host, mediaType: mediaType)
            case .malformed(let malformed):
                throw .malformed(target.subject, host: target.host, malformed)
            }
        }
    }
}
