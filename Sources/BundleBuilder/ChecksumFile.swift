internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// The digest of a whole archive, in a file beside it that `sha256sum -c` reads.
enum ChecksumFile {
    static func write(_ digest: Digest, of archive: FilePath) throws {
        let line = "\(digest.hex)  \(archive.lastComponent?.string ?? "")\n"
        try DurableFile.write(Data(line.utf8), to: FilePath("\(archive.string).sha256"))
    }
}
