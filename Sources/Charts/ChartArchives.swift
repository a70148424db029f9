package import Definition
package import SystemPackage

/// Where packed charts of repositories are kept, by what the lock says of them.
package struct ChartArchives: Sendable {
    /// The archive of that digest and size; `nil`: it has to be fetched.
    package let find: @Sendable (ImagesLock.File.Content) async throws -> FilePath?
    /// Keeps a copy of an archive that was fetched.
    package let keep: @Sendable (FilePath, ImagesLock.File.Content) async throws -> Void

    package init(
        find: @escaping @Sendable (ImagesLock.File.Content) async throws -> FilePath?,
        keep: @escaping @Sendable (FilePath, ImagesLock.File.Content) async throws -> Void
    ) {
        self.find = find
        self.keep = keep
    }

    /// Keeps nothing.
    package static let none = ChartArchives(find: { _ in nil }, keep: { _, _ in })
}
