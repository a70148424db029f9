internal import BundleFormat
package import Charts
internal import Definition
internal import OCI
internal import SystemPackage

extension ChartArchives {
    /// Charts among the blobs of a cache, which is opened for the first of them.
    package static func cached(_ open: @escaping @Sendable () async throws -> BlobCache) -> ChartArchives {
        ChartArchives(
            find: { content in
                let cache = try await open()
                let descriptor = Descriptor(mediaType: .file, digest: content.digest, size: content.size)
                return cache.contains(descriptor) ? cache.path(of: content.digest) : nil
            },
            keep: { path, content in
                let bytes = try readBytes(at: path)
                guard Digest.of(bytes) == content.digest else { return }
                try await open().add(bytes, as: content.digest)
            })
    }
}
