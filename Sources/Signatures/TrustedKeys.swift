package import FoundationEssentials
internal import Glibc
package import SystemPackage

/// A public key that somebody put trust in, and where it was found.
package struct TrustedKey: Hashable, Sendable, CustomStringConvertible {
    package let key: PublicKey
    package let path: FilePath

    package init(_ key: PublicKey, at path: FilePath) {
        self.key = key
        self.path = path
    }

    /// The file and the fingerprint.
    package var description: String { "\(path) (\(key.fingerprint))" }
}

/// The keys that a signature is checked with: any one that fits is enough.
package struct TrustedKeys: Sendable {
    package let keys: [TrustedKey]

    /// Nobody is trusted: signatures are not checked.
    package static let none = TrustedKeys([])

    package init(_ keys: [TrustedKey]) { self.keys = keys }

    package var isEmpty: Bool { keys.isEmpty }

    /// Reads the keys of `files`, and of every `*.pem` and `*.pub` in `folder`.
    ///
    /// Throws where any of them is no public key, or one of the folder could be changed by anybody; a folder that is not
    /// there holds none.
    package init(files: [FilePath], folder: FilePath?) throws(KeyError) {
        var keys: [TrustedKey] = []
        for path in try files + (folder.map { path throws(KeyError) in try Self.keyFiles(in: path) } ?? []) {
            keys.append(TrustedKey(try PublicKey(contentsOf: path), at: path))
        }
        self.keys = keys
    }

    /// The first key whose signature over `message` this is.
    package func first(thatMade signature: [UInt8], over message: Data) -> TrustedKey? {
        keys.first { $0.key.isSignature(signature, over: message) }
    }

    private static func keyFiles(in folder: FilePath) throws(KeyError) -> [FilePath] {
        guard let stream = opendir(folder.string) else {
            if errno == ENOENT { return [] }
            throw .system(action: "list the keys in", path: folder, errno: Errno(rawValue: errno))
        }
        defer { closedir(stream) }
        try checkWriters(of: folder)
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // As a shell's *.pem has it.
            if !name.hasPrefix("."), name.hasSuffix(".pem") || name.hasSuffix(".pub") { names.append(name) }
            errno = 0
        }
        // What can't be read to its end might hold the key that was withdrawn, or the one that is missed.
        guard errno == 0 else { throw .system(action: "list the keys in", path: folder, errno: Errno(rawValue: errno)) }
        let files = names.sorted().map { folder.appending($0) }
        for file in files { try checkWriters(of: file) }
        return files
    }

    /// Throws where anybody on the host could put in whom it trusts.
    private static func checkWriters(of path: FilePath) throws(KeyError) {
        var status = stat()
        guard stat(path.string, &status) == 0 else {
            throw .system(action: "look at", path: path, errno: Errno(rawValue: errno))
        }
        guard status.st_mode & S_IWOTH == 0 else { throw .open(path: path) }
    }
}
