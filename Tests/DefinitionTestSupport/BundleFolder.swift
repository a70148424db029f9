internal import Definition
internal import FoundationEssentials
package import SystemPackage

/// Runs `body` with a new folder that has `files`, by relative path, and removes it again.
package func withFolder<Result>(_ files: [String: String], _ body: (FilePath) throws -> Result) throws -> Result {
    let manager = FileManager.default
    let folder = FilePath(manager.temporaryDirectory.path()).appending("sealift-\(UUID().uuidString)")
    try manager.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
    // What is left behind in the temporary folder harms nobody.
    defer { try? manager.removeItem(atPath: folder.string) }
    for (path, text) in files {
        let file = folder.appending(path)
        try manager.createDirectory(
            atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file.string))
    }
    return try body(folder)
}

/// Makes a symbolic link.
package func link(_ path: FilePath, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path.string, withDestinationPath: target)
}

/// Writes a text file.
package func write(_ text: String, to path: FilePath) throws {
    try Data(text.utf8).write(to: URL(filePath: path.string))
}

/// The message of the error that `body` throws, without the `folder` that it happened in; `nil` where it throws none.
package func message(in folder: FilePath, _ body: () throws -> Void) throws -> (text: String, hint: String?)? {
    do {
        try body()
        return nil
    } catch let error as DefinitionError {
        let text = error.description.split(separator: "\(folder.string)/", omittingEmptySubsequences: false).joined()
        return (text, error.hint)
    }
}

/// The root of this repository.
package let repositoryRoot: FilePath = FilePath(#filePath)
    .removingLastComponent().removingLastComponent().removingLastComponent()
