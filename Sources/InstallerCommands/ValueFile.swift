internal import CommandSupport
internal import SystemPackage

/// A file, or a pipe, that holds a parameter's value.
enum ValueFile {
    /// More than any value that a manifest can take.
    private static let limit = 1 << 20

    /// The text of a file without its last line break.
    static func text(of path: FilePath) throws -> String {
        var bytes: [UInt8] = []
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            defer { try? file.close() }  // only read
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while bytes.count <= limit {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
        } catch let errno as Errno {
            let code: Failure.Code =
                switch errno {
                case .noSuchFileOrDirectory: .noInput
                case .permissionDenied: .permission
                default: .inputOutput
                }
            throw Failure("can't read the value in \(path): \(errno)", code: code)
        }
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("can't use the value in \(path): it is no text of at most \(limit) bytes", code: .data)
        }
        return text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
