internal import ImageLayout
package import OCI
internal import Tarball

/// Where every member of a bundle's archive must be: names, sizes and order leave nothing open.
extension BundleContents {
    /// The members' places in the tar; throws only where libarchive fails to make a header.
    func layout() throws(TarballError) -> [TarballMember] {
        var placed: [TarballMember] = []
        var offset: Int64 = 0
        for member in members {
            let header = try TarHeader.encode(name: member.name, size: member.size)
            let place = TarballMember(
                name: member.name, size: member.size, headerOffset: offset,
                dataOffset: offset + Int64(header.count))
            offset = place.end
            placed.append(place)
        }
        return placed
    }
}

extension BundleReader {
    /// Where the bytes of every blob must be in the content of ``file``.
    ///
    /// Nothing is read: whoever reads there has to compare with the digest.
    package func blobRanges() throws -> [Digest: Range<Int64>] {
        let places = Dictionary(
            try contents.layout().map { ($0.name, $0.dataOffset..<($0.dataOffset + $0.size)) },
            uniquingKeysWith: { first, _ in first })
        var ranges: [Digest: Range<Int64>] = [:]
        for digest in Array(graph.documents.keys) + Array(graph.layers.keys) {
            ranges[digest] = places[LayoutNames.blob(digest)]
        }
        return ranges
    }
}
