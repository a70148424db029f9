package import FoundationEssentials
package import ImageLayout
package import OCI
package import Signatures

/// All members of a bundle's archive, in their one order.
///
/// First `oci-layout`, `index.json` and, where the bundle is signed, its signature; then every small document by digest,
/// then every other blob, largest first: reading the front of the archive is enough to know all of it, and equal contents
/// give equal archives. A delta lacks the blobs that its base has brought.
package struct BundleContents: Sendable {
    /// One member of the archive.
    package struct Member: Sendable {
        package var name: String
        package var size: Int64
        package var content: Content

        package init(name: String, size: Int64, content: Content) {
            self.name = name
            self.size = size
            self.content = content
        }
    }

    /// Where a member's bytes come from.
    package enum Content: Sendable {
        case document(Data)
        case blob(Descriptor)
    }

    /// The members in the archive's order.
    package let members: [Member]

    /// The archive's length before compression.
    package var tarSize: Int64 {
        members.reduce(0) { $0 + 512 + ($1.size + 511) / 512 * 512 } + 1024
    }

    /// Puts the members in order.
    ///
    /// - Parameters:
    ///   - index: the bytes of `index.json`.
    ///   - graph: everything that hangs from it.
    ///   - texts: the artifact's small texts, whose bytes are at hand; a digest that is among them is no payload.
    ///   - leftOut: the blobs that a delta does not carry; none of them is a document or a text.
    ///   - signature: the signature over `index`; `nil` in a bundle that is not signed.
    package init(
        index: Data, graph: ImageGraph, texts: [Digest: Data], without leftOut: Set<Digest> = [],
        signature: BundleSignature? = nil
    ) {
        var front = graph.documents.mapValues(\.bytes)
        front.merge(texts) { known, _ in known }
        let documents = front.sorted { $0.key < $1.key }.map { digest, bytes in
            Member(name: LayoutNames.blob(digest), size: Int64(bytes.count), content: .document(bytes))
        }
        let payload = graph.layers.values.filter { front[$0.digest] == nil && !leftOut.contains($0.digest) }
            .sorted { ($1.size, $0.digest) < ($0.size, $1.digest) }
            .map { Member(name: LayoutNames.blob($0.digest), size: $0.size, content: .blob($0)) }
        var head = [(LayoutNames.layoutFile, LayoutNames.layoutBytes), (LayoutNames.indexFile, index)]
        if let signature { head.append((BundleSignature.member, signature.encoded)) }
        members =
            head.map { Member(name: $0, size: Int64($1.count), content: .document($1)) } + documents + payload
    }

    /// Takes members that are in their order already, as they were read from another archive.
    package init(members: [Member]) { self.members = members }

    /// The same with the signature of `key`, in the place of any other.
    package func signed(by key: PrivateKey) throws(KeyFault) -> BundleContents {
        var signed: [Member] = []
        for member in members where member.name != BundleSignature.member {
            signed.append(member)
            if member.name == LayoutNames.indexFile, case .document(let index) = member.content {
                let bytes = try BundleSignature(of: index, by: key).encoded
                signed.append(
                    Member(name: BundleSignature.member, size: Int64(bytes.count), content: .document(bytes)))
            }
        }
        return BundleContents(members: signed)
    }

    /// The blobs that are no documents, in the archive's order.
    package var payload: [Descriptor] {
        members.compactMap { member in
            if case .blob(let descriptor) = member.content { descriptor } else { nil }
        }
    }
}
