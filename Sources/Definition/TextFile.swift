package import SystemPackage

/// More than any manifest has; what is larger is no text that somebody wrote.
private let maximumTextSize = 16 << 20

/// The content of a UTF-8 text file; throws where there is none, where it is too large, or not UTF-8.
package func readText(at path: FilePath) throws(DefinitionError) -> String {
    let bytes: [UInt8]
    do {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        bytes = try descriptor.closeAfter {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while bytes.count <= maximumTextSize {
                let count = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                guard count > 0 else { break }
                bytes += chunk[..<count]
            }
            return bytes
        }
    } catch {
        throw DefinitionError(SourceLocation(file: path.string), .unreadable("\(error)".lowercasedFirst))
    }
    guard bytes.count <= maximumTextSize else {
        throw DefinitionError(
            SourceLocation(file: path.string), .unreadable("larger than \(maximumTextSize >> 20) MiB"))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DefinitionError(SourceLocation(file: path.string), .unreadable("not UTF-8"))
    }
    return text
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
