internal import BundleFormat
internal import FoundationEssentials
package import OCI
package import SystemPackage

/// The digest of a whole archive, in a file beside it that `sha256sum -c` reads.
package enum ChecksumFile {
    /// Writes the file beside `archive`, whole or not at all.
    package static func write(_ digest: Digest, of archive: FilePath) throws {
        let line = "\(digest.hex)  \(archive.lastComponent?.string ?? "")\n"
        try DurableFile.write(Data(line.utf8), to: FilePath("\(archive.string).sha256"))
    }
}
