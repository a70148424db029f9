package import OCI
internal import Tarball

extension BundleContents {
    /// Where the bytes of each blob that is no document stand in the tar, by digest.
    ///
    /// Reckoned, not read: a sound archive has its members just there, and ``BundleVerification`` proves it.
    package func payloadPlaces() throws -> [Digest: Range<Int64>] {
        var places: [Digest: Range<Int64>] = [:]
        var offset: Int64 = 0
        for member in members {
            offset += Int64(try TarHeader.encode(name: member.name, size: member.size).count)
            if case .blob(let descriptor) = member.content {
                places[descriptor.digest] = offset..<(offset + member.size)
            }
            offset += member.size + Int64(TarHeader.padding(after: member.size))
        }
        return places
    }
}
