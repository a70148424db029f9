import Glibc
import SystemPackage

/// A folder for the files of one input, removed with them.
struct ScratchFolder: ~Copyable {
    let path: FilePath

    init() {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/sealift-fuzz.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("can't make a temporary folder in \(base)") }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit {
        // Flat, and with names of our own: nothing that an input could choose.
        guard let stream = opendir(path.string) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { text($0.prefix { $0 != 0 }) }
            unlink(path.appending(name).string)
        }
        closedir(stream)
        rmdir(path.string)
    }

    func write(_ bytes: [UInt8], to name: String) {
        let file = open(path.appending(name).string, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        var rest = bytes[...]
        while file >= 0, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        guard file >= 0, rest.isEmpty else { fatalError("can't write \(path)/\(name): \(Errno(rawValue: errno))") }
        close(file)
    }
}
