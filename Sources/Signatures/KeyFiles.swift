internal import Glibc
package import SystemPackage

extension PublicKey {
    /// Reads a public key from a PEM file.
    package init(contentsOf path: FilePath) throws(KeyError) {
        let text = try KeyFile.text(of: path)
        do throws(KeyFault) { try self.init(pem: text) } catch { throw .malformed(path: path, error) }
    }
}

extension PrivateKey {
    /// Reads a private key from a PEM file.
    package init(contentsOf path: FilePath, passphrase: String?) throws(KeyError) {
        let text = try KeyFile.text(of: path)
        do throws(Refusal) {
            try self.init(pem: text, passphrase: passphrase)
        } catch {
            switch error {
            case .malformed(let fault): throw .malformed(path: path, fault)
            case .passphraseMissing: throw .passphraseMissing(path: path)
            case .passphraseWrong: throw .passphraseWrong(path: path)
            }
        }
    }

    /// Whether others than the owner of the file at `path` may read or change it; `false` where there is none.
    package static func isOpenToOthers(_ path: FilePath) -> Bool {
        var status = stat()
        return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_mode & (S_IRWXG | S_IRWXO) != 0
    }

    /// Writes the key to `NAME.key`, readable by its owner only, and its public half to `NAME.pub`.
    ///
    /// Neither may be there; when this throws, neither is. A power cut or a `kill -9` leaves both, none, or the private
    /// key alone, which its public half can be made of.
    package func write(to name: FilePath, passphrase: String?) throws(KeyError) -> (private: FilePath, public: FilePath)
    {
        let (key, half) = (KeyFile.path(name, "key"), KeyFile.path(name, "pub"))
        for path in [half, key] where access(path.string, F_OK) == 0 { throw .exists(path: path) }
        try KeyFile.create(key, pem(passphrase: passphrase), mode: 0o600)
        do throws(KeyError) {
            try KeyFile.create(half, publicKey.pem, mode: 0o644)
        } catch {
            unlink(key.string)
            throw error
        }
        return (key, half)
    }
}

/// The first line of a file, or of what a pipe gives: a passphrase.
package func passphrase(in path: FilePath) throws(KeyError) -> String {
    let text = try KeyFile.text(of: path, action: "read the passphrase in", mayBePipe: true)
    let line = text.prefix { !$0.isNewline }
    guard !line.isEmpty else { throw .passphraseEmpty(path: path) }
    return String(line)
}

/// Small files that hold keys.
enum KeyFile {
    /// No key comes near to it.
    private static let limit = 64 << 10

    /// The text of a file.
    static func text(
        of path: FilePath, action: String = "read the key", mayBePipe: Bool = false
    ) throws(KeyError) -> String {
        // Not to wait for ever where a pipe to which nobody writes lies among the keys.
        let file = open(path.string, O_RDONLY | O_CLOEXEC | (mayBePipe ? 0 : O_NONBLOCK))
        guard file >= 0 else { throw failure(action, path) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(action, path) }
        guard mayBePipe || status.st_mode & S_IFMT == S_IFREG else {
            throw .malformed(path: path, KeyFault("it is not a file"))
        }
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure(action, path) }
            guard got > 0 else { break }
            count += got
        }
        guard count <= limit else { throw .malformed(path: path, KeyFault("it has more than \(limit) bytes")) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Makes a file that is not there yet, durably; under its name it is whole or not there.
    static func create(_ path: FilePath, _ text: String, mode: mode_t) throws(KeyError) {
        let (file, temporary) = try start(path)
        defer { close(file) }
        do throws(KeyError) {
            try fill(file, text, mode: mode, path)
            try name(temporary, path)
        } catch {
            unlink(temporary.string)
            throw error
        }
        let parent = path.removingLastComponent()
        let folder = open(parent.isEmpty ? "." : parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }  // who may write there but not list it can't sync it either
        defer { close(folder) }
        // Some file systems (vfat on a stick) can't sync a folder and say EINVAL; there is nothing more to be had.
        guard fsync(folder) == 0 || errno == EINVAL else {
            let error = failure("write the key", path)
            unlink(path.string)
            throw error
        }
    }

    /// Makes the file that will be `path`, locked for as long as it is written; one that a killed process left is
    /// removed.
    private static func start(_ path: FilePath) throws(KeyError) -> (file: CInt, temporary: FilePath) {
        let temporary = path.removingLastComponent().appending(".\(path.lastComponent?.string ?? "").partial")
        while true {
            let file = open(temporary.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file >= 0 {
                // Before the lock was there, another process may have taken the file for a remainder.
                var status = stat()
                let isLocked = flock(file, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK
                if isLocked, fstat(file, &status) == 0, status.st_nlink > 0 { return (file, temporary) }
                close(file)
                continue
            }
            guard errno == EEXIST else { throw failure("create the key", path) }
            let old = open(temporary.string, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard old >= 0 else {
                if errno == ENOENT { continue }
                throw failure("create the key", path)
            }
            defer { close(old) }
            guard flock(old, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else { throw .exists(path: path) }
            guard unlink(temporary.string) == 0 || errno == ENOENT else { throw failure("create the key", path) }
        }
    }

    /// Gives the finished file its name, unless something has it.
    private static func name(_ temporary: FilePath, _ path: FilePath) throws(KeyError) {
        if link(temporary.string, path.string) == 0 {
            unlink(temporary.string)
            return
        }
        if errno == EEXIST { throw .exists(path: path) }
        // Sticks have no hard links.
        guard errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS else { throw failure("create the key", path) }
        guard access(path.string, F_OK) != 0 else { throw .exists(path: path) }
        guard rename(temporary.string, path.string) == 0 else { throw failure("create the key", path) }
    }

    private static func fill(_ file: CInt, _ text: String, mode: mode_t, _ path: FilePath) throws(KeyError) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        // Whatever the umask was.
        guard done == bytes.count, fchmod(file, mode) == 0, fsync(file) == 0 else {
            throw failure("write the key", path)
        }
    }

    /// `NAME.EXTENSION`, whatever dots there are in the name.
    static func path(_ name: FilePath, _ ending: String) -> FilePath { FilePath("\(name.string).\(ending)") }

    static func failure(_ action: String, _ path: FilePath) -> KeyError {
        .system(action: action, path: path, errno: Errno(rawValue: errno))
    }
}
