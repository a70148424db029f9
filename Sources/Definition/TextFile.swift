internal import BundleFormat
package import SystemPackage

/// More than any manifest has; what is larger is no text that somebody wrote.
private let maximumTextSize = 16 << 20

/// The content of a UTF-8 text file; throws where there is none, where it is too large, or not UTF-8.
package func readText(at path: FilePath) throws(DefinitionError) -> String {
    let bytes: [UInt8]
    do {
        bytes = try FileContent.bytes(of: path, limit: maximumTextSize)
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
