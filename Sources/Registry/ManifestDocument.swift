package import FoundationEssentials
package import OCI

/// What a registry answers when it is asked for a manifest.
package enum ManifestDocument: Sendable {
    case manifest(Document<Manifest>)
    case index(Document<ImageIndex>)

    package var descriptor: Descriptor {
        switch self {
        case .manifest(let document): document.descriptor
        case .index(let document): document.descriptor
        }
    }

    /// As the registry served it, bit for bit.
    package var bytes: Data {
        switch self {
        case .manifest(let document): document.bytes
        case .index(let document): document.bytes
        }
    }
}

/// Media types that are only compared here.
enum MediaTypes {
    static let schema1 = MediaType.dockerSchema1.rawValue
}

extension ManifestDocument {
    /// Why bytes are no document that we take.
    enum Refusal: Error {
        case unsupported(String)
        case malformed(Malformed)
    }

    /// The fields that tell what a document is.
    private struct Outline: Decodable {
        var schemaVersion: Int?
        var mediaType: String?
        var hasManifests: Bool
        var hasConfig: Bool

        private enum CodingKeys: String, CodingKey { case schemaVersion, mediaType, manifests, config }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion)
            mediaType = try container.decodeIfPresent(String.self, forKey: .mediaType)
            hasManifests = container.contains(.manifests)
            hasConfig = container.contains(.config)
        }
    }

    /// Decodes `bytes`.
    ///
    /// - Parameters:
    ///   - bytes: the body as it came.
    ///   - contentType: the header's value; where it says nothing, the document's own word is taken.
    ///   - algorithm: the algorithm that the document is known by.
    /// - Throws: ``Refusal`` where it is no document that we take.
    init(bytes: Data, contentType: String?, algorithm: Digest.Algorithm) throws(Refusal) {
        var mediaType = (contentType ?? "").prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        let outline: Outline
        do {
            outline = try decodeJSON(bytes, as: "manifest")
        } catch {
            throw .malformed(error)
        }
        if ["", "text/plain", "application/json", "application/octet-stream"].contains(mediaType) {
            mediaType = outline.mediaType ?? (outline.hasManifests ? MediaType.ociIndex : .ociManifest).rawValue
        }
        if outline.schemaVersion == 1 || mediaType == MediaType.dockerSchema1Signed.rawValue {
            throw .unsupported(MediaTypes.schema1)
        }
        let type = MediaType(rawValue: mediaType)
        do {
            switch type.role {
            case .index: self = .index(try Document(bytes: bytes, mediaType: type, algorithm: algorithm))
            case .manifest: self = .manifest(try Document(bytes: bytes, mediaType: type, algorithm: algorithm))
            case .config, .layer, .other: throw Refusal.unsupported(mediaType.shortened)
            }
        } catch let error as Malformed {
            throw .malformed(error)
        } catch let error as Refusal {
            throw error
        } catch {
            throw .unsupported(mediaType.shortened)
        }
    }
}

extension String {
    fileprivate var shortened: String { printable(limit: 100) }
}
