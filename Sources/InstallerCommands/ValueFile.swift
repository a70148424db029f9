internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

/// A file, or a pipe, that holds a parameter's value.
enum ValueFile {
    /// More than any value that a manifest can take.
    private static let limit = 1 << 20

    /// The text of a file without its last line break.
    static func text(of path: FilePath) throws -> String {
        let bytes: [UInt8]
        do {
            bytes = try FileContent.bytes(of: path, limit: limit)
        } catch {
            let code: Failure.Code =
                switch error {
                case .noSuchFileOrDirectory: .noInput
                case .permissionDenied: .permission
                default: .inputOutput
                }
            throw Failure("can't read the value in \(path): \(error)", code: code)
        }
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("can't use the value in \(path): it is no text of at most \(limit) bytes", code: .data)
        }
        return text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
