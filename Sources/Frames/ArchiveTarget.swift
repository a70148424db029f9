package import OCI
package import SystemPackage

/// Where an archive is written.
package enum ArchiveTarget: Sendable {
    /// To one file, from its current position; it stays the caller's, and the path is for errors.
    case file(FileDescriptor, FilePath)
    /// To several, each begun when the one before is full.
    case parts(any ArchiveParts)
}

/// The files of an archive that is written in parts; asked from one thread at a time.
package protocol ArchiveParts: Sendable {
    /// The bytes of every part but the last, which has as many or fewer; more than 0.
    var limit: Int64 { get }
    /// A new, empty file for the next part, open for reading and writing, that is not closed before the archive is
    /// finished or given up.
    func next() throws(FramesError) -> (file: FileDescriptor, path: FilePath)
    /// Told of each part, in their order, when its last byte is written; it is not synced.
    func ended(size: Int64, digest: Digest)
}
