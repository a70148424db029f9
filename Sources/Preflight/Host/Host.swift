internal import Glibc
internal import Inflate
package import SystemPackage

/// The host as its files show it, read below a root that tests may choose.
///
/// Nothing here opens a socket, runs a program or writes.
package struct Host: Sendable {
    /// Where the host's `/` is.
    package var root: FilePath
    /// The machine's architecture as the kernel names it: `x86_64`.
    package var machine: String
    /// Seconds since 1970.
    package var now: Int64

    package init(root: FilePath = "/", machine: String = Host.kernelMachine, now: Int64 = Int64(time(nil))) {
        self.root = root
        self.machine = machine
        self.now = now
    }

    /// The host that this process runs on.
    package static var current: Host { Host() }

    /// What `uname -m` prints; empty where the kernel doesn't say.
    package static var kernelMachine: String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        return withUnsafeBytes(of: &names.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Where the absolute `path` of the host is for this process.
    func place(_ path: String) -> String { root == "/" ? path : root.string + path }

    /// The content of a file, at most `limit` bytes; `nil` where there is none or it can't be read.
    func text(_ path: String, limit: Int = 4 << 20) -> String? {
        bytes(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The content of a file, at most `limit` bytes; `nil` where there is none or it can't be read.
    func bytes(_ path: String, limit: Int) -> [UInt8]? {
        // Without O_NONBLOCK a named pipe in a strange place would hang the installer.
        let file = open(place(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let count = read(file, &buffer, min(buffer.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// The content of a gzip file of one member, at most `limit` bytes; `nil` where there is none, or a damaged one.
    func unpackedText(_ path: String, limit: Int = 4 << 20) -> String? {
        guard let packed = bytes(path, limit: limit), !packed.isEmpty else { return nil }
        return packed.withUnsafeBytes { packed in
            var text = [UInt8](repeating: 0, count: limit)
            let count = text.withUnsafeMutableBytes { Self.inflate(packed, into: $0) }
            return count.map { String(decoding: text[..<$0], as: UTF8.self) }
        }
    }

    /// How many bytes of `output` were filled; `nil` where `packed` is no gzip member, or not all of one.
    private static func inflate(_ packed: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        // Whatever the reason: such a file says nothing.
        guard let inflater = try? Inflater(.gzip) else { return nil }
        var (taken, given) = (0, 0)
        while given < output.count {
            let input = UnsafeRawBufferPointer(rebasing: packed[taken...])
            let room = UnsafeMutableRawBufferPointer(rebasing: output[given...])
            guard let step = try? inflater.step(input, into: room) else { return nil }  // damaged: as above
            taken += step.taken
            given += step.given
            if step.hasEnded { break }
            guard step.taken > 0 || step.given > 0 else { return nil }
        }
        return given
    }

    /// The lines of a file; none where it can't be read.
    func lines(_ path: String) -> [Substring] { (text(path) ?? "").split(whereSeparator: \.isNewline) }

    /// The first line of a file without the white space around it.
    func word(_ path: String) -> String? {
        guard let line = text(path)?.split(whereSeparator: \.isNewline).first else { return nil }
        return line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The number that is all of a file.
    func number(_ path: String) -> Int64? { word(path).flatMap { Int64($0) } }

    /// Whether there is something at `path`, symbolic links followed.
    func exists(_ path: String) -> Bool { access(place(path), F_OK) == 0 }

    /// Whether there is a file at `path` that may be run.
    func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(place(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_mode & 0o111 != 0
    }

    /// The names in a folder, sorted; none where it can't be read.
    func names(in path: String) -> [String] {
        guard let stream = opendir(place(path)) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// What a symbolic link points to; `nil` where there is none or it can't be read.
    func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(place(path), &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
