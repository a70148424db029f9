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
            var count = 0
            repeat {
                bytes.append(contentsOf: repeatElement(0, count: 64 << 10))
                let free = (bytes.count - (64 << 10))..<bytes.count
                count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: .init(rebasing: $0[free])) }
                bytes.removeLast((64 << 10) - count)
            } while count > 0 && bytes.count <= maximumTextSize
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
