internal import BundleFormat
internal import FoundationEssentials
internal import Glibc
package import OCI
package import SystemPackage

/// The digest of a whole archive, in a file beside it that `sha256sum -c` reads.
package enum ChecksumFile {
    /// Writes the file beside `archive`, whole or not at all.
    package static func write(_ digest: Digest, of archive: FilePath) throws {
        let line = "\(digest.hex)  \(archive.lastComponent?.string ?? "")\n"
        try DurableFile.write(Data(line.utf8), to: path(for: archive))
    }

    /// Removes an archive, where there is one, and its digest.
    static func remove(archive: FilePath) throws(BuildError) {
        for path in [archive, path(for: archive)] {
            guard unlink(path.string) == 0 || errno == ENOENT else {
                throw .system(action: "remove", path, Errno(rawValue: errno))
            }
        }
    }

    private static func path(for archive: FilePath) -> FilePath { FilePath("\(archive.string).sha256") }
}
