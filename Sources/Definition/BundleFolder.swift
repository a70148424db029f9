internal import FoundationEssentials
internal import Glibc
package import SystemPackage

/// A file of a bundle's folder, as bundle.yaml names it.
package struct BundleFile: Hashable, Sendable {
    /// Relative to the bundle's folder.
    package let path: String
    /// Where it is, by way of the folder that the user named.
    package let location: FilePath
    /// The line of bundle.yaml that names it, or the pattern that found it.
    package let line: Int
    /// What was made of a chart or a kustomization; `nil` for a file.
    private let rendered: Rendered?

    /// A text that is in no file.
    private struct Rendered: Hashable, Sendable {
        let text: String
        let templates: [Template]
    }

    /// Where in a rendered text what a template gave begins.
    package struct Template: Hashable, Sendable {
        package let line: Int
        package let name: String

        package init(line: Int, name: String) {
            self.line = line
            self.name = name
        }
    }

    package init(path: String, location: FilePath, line: Int) {
        self.path = path
        self.location = location
        self.line = line
        rendered = nil
    }

    /// A manifest that was made: `text`, with what begins where, by line.
    package init(path: String, location: FilePath, line: Int, rendered text: String, templates: [Template]) {
        self.path = path
        self.location = location
        self.line = line
        rendered = Rendered(text: text, templates: templates)
    }

    /// The file's content as text; throws where it isn't UTF-8 or can't be read.
    package func text() throws(DefinitionError) -> String {
        if let rendered { rendered.text } else { try readText(at: location) }
    }

    /// Whether it is in no file.
    package var isRendered: Bool { rendered != nil }

    /// The template that `line` comes from; `nil` in a file.
    package func template(at line: Int) -> String? { rendered?.templates.last { $0.line <= line }?.name }
}

/// The folder of a definition, out of which no path leads.
struct BundleFolder {
    let path: FilePath
    private let real: FilePath

    init(_ path: FilePath) throws(DefinitionError) {
        self.path = path
        guard let real = realPath(path) else {
            throw DefinitionError(SourceLocation(file: path.string), .unreadable(Errno.current.description))
        }
        self.real = real
    }

    /// The regular file that `cursor` names.
    func file(_ cursor: StrictYAML) throws(DefinitionError) -> BundleFile {
        let written = try checked(cursor)
        return try existing(written, cursor: cursor)
    }

    /// The regular files that the pattern at `cursor` matches, sorted; a pattern without `*` and `?` is one name.
    func files(matching cursor: StrictYAML) throws(DefinitionError) -> [BundleFile] {
        let pattern = try checked(cursor)
        guard pattern.contains(where: { $0 == "*" || $0 == "?" }) else {
            return [try existing(pattern, cursor: cursor)]
        }
        var matches = [""]
        for component in pattern.split(separator: "/").map({ String($0) }) {
            var next: [String] = []
            for folder in matches {
                for name in try names(in: folder) where matchesGlob(name, component) {
                    next.append(folder.isEmpty ? name : "\(folder)/\(name)")
                }
            }
            matches = next
        }
        var files: [BundleFile] = []
        for match in matches.sorted() where isFile(path.appending(match)) {
            files.append(try existing(match, cursor: cursor))
        }
        guard !files.isEmpty else {
            throw DefinitionError(cursor.location, .noMatch(field: cursor.field, pattern: pattern))
        }
        return files
    }

    /// The file or folder that `cursor` names.
    func place(_ cursor: StrictYAML) throws(DefinitionError) -> BundleDefinition.BundlePath {
        let relative = try checked(cursor)
        let location = path.appending(relative)
        guard let target = realPath(location) else {
            throw DefinitionError(cursor.location, .noMatch(field: cursor.field, pattern: relative))
        }
        guard target.starts(with: real) else {
            throw DefinitionError(cursor.location, .leavesFolder(field: cursor.field, path: relative))
        }
        guard isFolder(target) || isFile(target) else {
            throw cursor.invalid(relative, "it is neither a file nor a folder")
        }
        return .init(path: relative, location: location, isFolder: isFolder(target), line: cursor.line)
    }

    /// Whether there is a regular file of that path.
    func hasFile(_ relative: String) -> Bool { isFile(path.appending(relative)) }

    /// The path at `cursor`, which leads nowhere but down.
    private func checked(_ cursor: StrictYAML) throws(DefinitionError) -> String {
        let written = try cursor.nonEmptyString()
        let path = FilePath(written)
        guard path.isRelative, !path.components.contains(where: { $0.kind == .parentDirectory }) else {
            throw DefinitionError(cursor.location, .leavesFolder(field: cursor.field, path: written))
        }
        guard !written.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw cursor.invalid(written.debugDescription, "a path has no control characters")
        }
        return path.lexicallyNormalized().string
    }

    private func existing(_ relative: String, cursor: StrictYAML) throws(DefinitionError) -> BundleFile {
        let location = path.appending(relative)
        guard let target = realPath(location), isFile(target) else {
            throw DefinitionError(cursor.location, .noMatch(field: cursor.field, pattern: relative))
        }
        guard target.starts(with: real) else {
            throw DefinitionError(cursor.location, .leavesFolder(field: cursor.field, path: relative))
        }
        return BundleFile(path: relative, location: location, line: cursor.line)
    }

    /// What is in `folder`; nothing where that is no folder. One that can't be listed is an error, lest a bundle be built
    /// without the files in it.
    private func names(in folder: String) throws(DefinitionError) -> [String] {
        let path = folder.isEmpty ? path : path.appending(folder)
        guard isFolder(path) else { return [] }
        do { return try FileManager.default.contentsOfDirectory(atPath: path.string) } catch {
            throw DefinitionError(SourceLocation(file: path.string), .unreadable("the folder can't be listed"))
        }
    }
}

/// `*` is any number of characters, `?` one; neither stands for the dot that hides a file.
package func matchesGlob(_ name: String, _ pattern: String) -> Bool {
    guard name.hasPrefix(".") == pattern.hasPrefix(".") else { return false }
    let name = Array(name.unicodeScalars)
    let pattern = Array(pattern.unicodeScalars)
    // The place to go back to when what follows the last star doesn't match: linear, where recursion is exponential.
    var star: (pattern: Int, name: Int)?
    var (inName, inPattern) = (0, 0)
    while inName < name.count {
        if inPattern < pattern.count, pattern[inPattern] == "*" {
            star = (inPattern, inName)
            inPattern += 1
        } else if inPattern < pattern.count, pattern[inPattern] == "?" || pattern[inPattern] == name[inName] {
            (inName, inPattern) = (inName + 1, inPattern + 1)
        } else if let last = star {
            star = (last.pattern, last.name + 1)
            (inName, inPattern) = (last.name + 1, last.pattern + 1)
        } else {
            return false
        }
    }
    return pattern[inPattern...].allSatisfy { $0 == "*" }
}

/// The path with every symbolic link resolved; `nil`, and `errno` set, where there is nothing.
func realPath(_ path: FilePath) -> FilePath? {
    guard let resolved = realpath(path.string, nil) else { return nil }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
}

/// Whether `path` is a regular file, or a link to one.
func isFile(_ path: FilePath) -> Bool { fileType(path) == S_IFREG }

private func isFolder(_ path: FilePath) -> Bool { fileType(path) == S_IFDIR }

private func fileType(_ path: FilePath) -> mode_t? {
    var info = stat()
    return stat(path.string, &info) == 0 ? info.st_mode & S_IFMT : nil
}

extension Errno {
    /// The calling thread's last error.
    static var current: Errno { Errno(rawValue: errno) }
}
