package import FoundationEssentials
internal import HTTP
package import OCI

/// Putting things into a registry: distribution-spec 1.1, "Push".
extension RegistryClient {
    /// How a blob came to be in a repository.
    package enum Arrival: Hashable, Sendable {
        /// Its bytes were sent.
        case uploaded
        /// The registry had it in another repository.
        case mounted
    }

    /// Whether the repository of `reference` has a blob of that digest and size.
    package func hasBlob(_ descriptor: Descriptor, in reference: ImageReference) async throws(RegistryError) -> Bool {
        let target = try target(
            "blobs", descriptor.digest.description, of: reference,
            subject: .pushedBlob(descriptor.digest, to: reference), isPush: true)
        let response = try await ask(target, .head, accept: nil)
        guard response.status != 404 else { return false }
        guard response.isSuccess else { throw await exchanger.error(for: response, to: target) }
        // A registry that says nothing of the size has it by its digest.
        return response.headers["content-length"].flatMap { Int64($0) } ?? descriptor.size == descriptor.size
    }

    /// The digest of the manifest or index that the registry has under the tag, or else digest, of `reference`; `nil`
    /// where it has none, or does not say.
    package func pushedDigest(of reference: ImageReference) async throws(RegistryError) -> Digest? {
        let target = try target(
            "manifests", reference.tag ?? reference.digest?.description ?? "latest", of: reference,
            subject: .pushedManifest(as: reference), isPush: true)
        let response = try await ask(target, .head, accept: MediaType.acceptedManifests)
        guard response.status != 404 else { return nil }
        guard response.isSuccess else { throw await exchanger.error(for: response, to: target) }
        // What can't be read is no digest that we know: then it is pushed once more.
        return response.headers["docker-content-digest"].flatMap { try? Digest(parsing: $0) }
    }

    /// Puts a blob into the repository of `reference`, sending its bytes in one request; retried when that is cut.
    ///
    /// - Parameters:
    ///   - descriptor: the blob; the registry compares what it gets with the digest.
    ///   - reference: the repository.
    ///   - source: another repository of the same registry that has the blob, to take it from there.
    ///   - content: the blob's bytes.
    ///   - progress: told how many bytes were sent since the last call, negative where they have to be sent again.
    ///     Called on the transport's thread.
    /// - Returns: whether bytes were sent.
    /// - Throws: ``RegistryError``, or what reading `content` throws.
    package func upload(
        _ descriptor: Descriptor, to reference: ImageReference, mountingFrom source: ImageReference? = nil,
        from content: any BlobContent, progress: @escaping @Sendable (Int64) -> Void
    ) async throws -> Arrival {
        let body = BlobUpload(content, progress: progress)
        let subject = Subject.pushedBlob(descriptor.digest, to: reference)
        var query = ""
        if let source {
            let endpoint = try RegistryEndpoint(for: source.registry, in: configuration)
            query = "?mount=\(descriptor.digest)&from=\(endpoint.repository(of: source))"
        }
        let start = try target("blobs", "uploads/" + query, of: reference, subject: subject, isPush: true)
        do throws(RegistryError) {
            return try await withSlot(of: transfers, for: start) { () async throws(RegistryError) in
                try await configuration.retry.retrying { () async throws(RegistryError) in
                    body.note(0)
                    return try await self.upload(descriptor, body, from: start)
                }
            }
        } catch {
            if case .unauthorized = error, source != nil {
                // May write here, but not read there: then the bytes are sent.
                return try await upload(descriptor, to: reference, from: content, progress: progress)
            }
            throw body.failure ?? error
        }
    }

    /// Puts a manifest or index, byte for byte, under `name`, a tag or its digest.
    package func put(
        _ bytes: Data, _ descriptor: Descriptor, as name: String, in reference: ImageReference
    ) async throws(RegistryError) {
        let target = try target(
            "manifests", name, of: reference, subject: .pushedManifest(as: reference), isPush: true)
        let upload = HTTPUpload(size: Int64(bytes.count), source: BytesUpload(bytes: Array(bytes)))
        let response = try await withSlot(of: documents, for: target) { () async throws(RegistryError) in
            try await configuration.retry.retrying { () async throws(RegistryError) in
                let response = try await exchanger.send(
                    target, headers: ["Content-Type": descriptor.mediaType.rawValue], limit: Self.answerLimit,
                    sink: CollectingSink(), timeLimit: configuration.documentTimeout, method: .put, upload: upload)
                guard response.isSuccess else { throw await exchanger.error(for: response, to: target) }
                return response
            }
        }
        if let stated = response.headers["docker-content-digest"], stated != descriptor.digest.description {
            throw .malformedAnswer(
                target.subject, host: target.host, reason: "it took the manifest as '\(stated)', not as what it is")
        }
    }

    /// What a registry may say to something that it takes; nobody reads it.
    private static let answerLimit: Int64 = 1 << 20

    private func ask(
        _ target: Target, _ method: HTTPRequest.Method, accept: [MediaType]?
    ) async throws(RegistryError) -> HTTPResponse {
        try await withSlot(of: documents, for: target) { () async throws(RegistryError) in
            try await configuration.retry.retrying { () async throws(RegistryError) in
                var headers: HTTPHeaders = [:]
                headers["Accept"] = accept?.map(\.rawValue).joined(separator: ", ") ?? "*/*"
                let response = try await exchanger.send(
                    target, headers: headers, limit: .max, sink: CollectingSink(),
                    timeLimit: configuration.documentTimeout, method: method)
                // Temporary ones are asked again.
                if !response.isSuccess, response.status != 404 {
                    throw await exchanger.error(for: response, to: target)
                }
                return response
            }
        }
    }

    /// One attempt: the registry says where the bytes go, and they go there.
    private func upload(
        _ descriptor: Descriptor, _ body: BlobUpload, from start: Target
    ) async throws(RegistryError) -> Arrival {
        let opened = try await exchanger.send(
            start, headers: ["Accept": "*/*"], limit: Self.answerLimit, sink: CollectingSink(),
            timeLimit: configuration.documentTimeout, method: .post)
        if opened.status == 201 {
            body.note(descriptor.size)
            return .mounted
        }
        guard opened.status == 202 else { throw await exchanger.error(for: opened, to: start) }
        let place = try place(opened, of: descriptor, from: start)
        let response = try await exchanger.send(
            place, headers: ["Content-Type": "application/octet-stream"], limit: Self.answerLimit,
            sink: CollectingSink(), method: .put, upload: HTTPUpload(size: descriptor.size, source: body))
        guard response.isSuccess else { throw await exchanger.error(for: response, to: place) }
        body.note(descriptor.size)
        return .uploaded
    }

    /// Where an upload that was opened goes on. Another host than the registry's sees no credentials of ours.
    private func place(
        _ opened: HTTPResponse, of descriptor: Descriptor, from start: Target
    ) throws(RegistryError) -> Target {
        guard let location = opened.headers["location"] else {
            throw .malformedAnswer(start.subject, host: start.host, reason: "it does not say where the bytes go")
        }
        do throws(HTTPError) {
            let found = try start.url.resolving(location)
            guard start.url.scheme == .http || found.scheme == .https else {
                throw HTTPError.redirectRefused(host: start.host, reason: "the bytes would go from https to http")
            }
            let separator = found.text.contains("?") ? "&" : "?"
            let url = try HTTPURL(parsing: "\(found.text)\(separator)digest=\(descriptor.digest)")
            return Target(subject: start.subject, url: url, realm: url.hasSameOrigin(as: start.url) ? start.realm : nil)
        } catch {
            if case .invalidURL = error {
                throw .malformedAnswer(start.subject, host: start.host, reason: "where the bytes go, \(error)")
            }
            throw RegistryError(error, subject: start.subject)
        }
    }
}
