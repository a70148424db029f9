internal import FoundationEssentials
internal import Frames
internal import OCI

/// Answers requests from a bundle; takes no time but for what it looks up, and reads nothing from disk.
package struct RegistryRouter: Sendable {
    private let bundle: ServedBundle

    package init(_ bundle: ServedBundle) { self.bundle = bundle }

    /// The answer to `request`; `nil` stands for one that could not be taken apart.
    package func answer(_ request: RegistryRequest?) -> RegistryAnswer {
        guard let request else { return RegistryAnswer(400, .unsupported, "the address can't be read") }
        guard request.method == "GET" || request.method == "HEAD" else {
            return RegistryAnswer(
                405, .unsupported, "this registry is a bundle: it can only be read", headers: [("Allow", "GET, HEAD")])
        }
        var answer = found(request)
        answer.headers.append(("Docker-Distribution-API-Version", "registry/2.0"))
        if request.method == "HEAD" { answer.body = .none }
        return answer
    }

    private func found(_ request: RegistryRequest) -> RegistryAnswer {
        switch request.target {
        case .base: return RegistryAnswer(json: [String: String]())
        case .catalog:
            return page(bundle.names, request, "/v2/_catalog") { Catalog(repositories: $0) }
        case .unknown: return RegistryAnswer(404, .unsupported, "there is nothing at this address")
        case .tags(let name), .manifest(let name, _), .blob(let name, _), .referrers(let name, _):
            guard Self.isName(name) else {
                return RegistryAnswer(400, .nameInvalid, "'\(name)' is no repository's name")
            }
            guard let repository = bundle.repository(name, of: request.query["ns"]) else {
                return RegistryAnswer(404, .nameUnknown, "the bundle has no image '\(name)'")
            }
            switch request.target {
            case .manifest(_, let reference): return manifest(reference, of: repository, request)
            case .blob(_, let digest): return blob(digest, of: repository, request)
            case .referrers(_, let digest): return referrers(digest, of: repository, request)
            default:
                return page(repository.tags.keys.sorted(), request, "/v2/\(name)/tags/list") {
                    Tags(name: name, tags: $0)
                }
            }
        }
    }

    private func manifest(
        _ reference: String, of repository: ServedBundle.Repository, _ request: RegistryRequest
    ) -> RegistryAnswer {
        let digest: Digest?
        if reference.utf8.contains(UInt8(ascii: ":")) {
            do { digest = try Digest(parsing: reference) } catch {
                return RegistryAnswer(400, .digestInvalid, error.description)
            }
        } else {
            digest = repository.tags[reference]
        }
        guard let digest, repository.manifests.contains(digest), let document = bundle.document(digest) else {
            return RegistryAnswer(404, .manifestUnknown, "the bundle has no manifest '\(reference)' of this image")
        }
        let headers = Self.headers(of: digest, type: document.mediaType.rawValue)
        if request.ifNoneMatch == "\"\(digest)\"" { return RegistryAnswer(304, headers) }
        return RegistryAnswer(200, headers, body: .bytes(document.bytes), length: Int64(document.bytes.count))
    }

    private func blob(
        _ text: String, of repository: ServedBundle.Repository, _ request: RegistryRequest
    ) -> RegistryAnswer {
        let digest: Digest
        do { digest = try Digest(parsing: text) } catch {
            return RegistryAnswer(400, .digestInvalid, error.description)
        }
        // Manifests are blobs, too, for clients that ask for them so.
        guard repository.blobs[digest] != nil || repository.manifests.contains(digest),
            let content = bundle.range(of: digest)
        else { return RegistryAnswer(404, .blobUnknown, "the bundle has no blob \(digest) of this image") }
        let size = content.upperBound - content.lowerBound
        var headers = Self.headers(of: digest, type: "application/octet-stream") + [("Accept-Ranges", "bytes")]
        if request.ifNoneMatch == "\"\(digest)\"" { return RegistryAnswer(304, headers) }
        // RFC 9110 §14.2: a range is of a GET only.
        switch request.method == "GET" ? ByteRange(request.range, size: size) : .whole {
        case .whole: return RegistryAnswer(200, headers, body: .content(content, digest), length: size)
        case .part(let part):
            headers.append(("Content-Range", "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"))
            let start = content.lowerBound
            return RegistryAnswer(
                206, headers, body: .content((start + part.lowerBound)..<(start + part.upperBound), nil),
                length: part.upperBound - part.lowerBound)
        case .unsatisfiable:
            return RegistryAnswer(
                416, .rangeInvalid, "the blob has \(size) bytes", headers: [("Content-Range", "bytes */\(size)")])
        }
    }

    private func referrers(
        _ text: String, of repository: ServedBundle.Repository, _ request: RegistryRequest
    ) -> RegistryAnswer {
        let digest: Digest
        do { digest = try Digest(parsing: text) } catch {
            return RegistryAnswer(400, .digestInvalid, error.description)
        }
        var found = repository.referrers[digest] ?? []
        var headers: [(name: String, value: String)] = []
        if let type = request.query["artifactType"] {
            found.removeAll { $0.artifactType != type }
            headers.append(("OCI-Filters-Applied", "artifactType"))
        }
        return RegistryAnswer(json: ImageIndex(manifests: found), headers: headers, type: MediaType.ociIndex.rawValue)
    }

    /// A part of a sorted list, as `n` and `last` ask for it, with a link to the next.
    private func page(
        _ all: [String], _ request: RegistryRequest, _ path: String, _ value: ([String]) -> some Encodable
    ) -> RegistryAnswer {
        var entries = all[...]
        if let last = request.query["last"] { entries = entries.drop { $0 <= last } }
        guard let text = request.query["n"] else { return RegistryAnswer(json: value(Array(entries))) }
        guard let count = Int(text), count >= 0 else {
            return RegistryAnswer(400, .paginationInvalid, "'\(text)' is no number of entries")
        }
        let page = Array(entries.prefix(count))
        guard page.count < entries.count, let last = page.last else { return RegistryAnswer(json: value(page)) }
        // What comes back in a header is only what could be a host.
        let registry = request.query["ns"].map { Self.isName($0) ? "&ns=\($0)" : "" } ?? ""
        return RegistryAnswer(
            json: value(page), headers: [("Link", "<\(path)?n=\(count)&last=\(last)\(registry)>; rel=\"next\"")])
    }

    private static func headers(of digest: Digest, type: String) -> [(name: String, value: String)] {
        [("Content-Type", type), ("Docker-Content-Digest", digest.description), ("ETag", "\"\(digest)\"")]
    }

    /// What the specification allows, and the colon and brackets of a registry's port or address in front.
    private static func isName(_ name: String) -> Bool {
        name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                true
            default: false
            }
        } && !name.hasPrefix("/") && !name.utf8.elementsEqual("".utf8)
    }

    private struct Catalog: Encodable { var repositories: [String] }

    private struct Tags: Encodable {
        var name: String
        var tags: [String]
    }
}
