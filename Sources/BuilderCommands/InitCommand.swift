internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// `sealift init DIR`.
struct InitCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a bundle to start from, which builds as it is.",
        discussion: """
            bundle.yaml with comments, a manifest, a check, a README. Nothing that is there is ever replaced. What to \
            do next is printed.

            EXAMPLES:
              sealift init bundles/mine
            """)

    @Argument(
        help: ArgumentHelp("The bundle's folder; made where it isn't there.", valueName: "dir"), completion: .directory)
    var folder: String

    @Option(help: "The bundle's name; without it, the folder's.")
    var name: String?

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("Take these manifests instead of the example.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var source: String?

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let folder = FilePath(folder)
            let manifest = try source.map { try Self.manifest(at: FilePath($0)) }
            let template = BundleTemplate(
                name: try bundleName(of: folder), manifest: manifest, platform: Platform.current.description)
            try Self.write(template.files, to: folder)
            // What was written must be what every other command reads.
            _ = try BundleDefinition(at: folder)
            Message.note("wrote \(template.files.map(\.path).joined(separator: ", ")) to \(folder)")
            Terminal.standardOutput.write(
                """
                Next:
                  sealift images \(folder)   # which images it needs, and what would not work without a network
                  sealift lock \(folder)     # asks the registries what every tag is
                  sealift build \(folder)    # packs everything into dist/

                """)
        }
    }

    private func bundleName(of folder: FilePath) throws -> String {
        let written = name ?? Self.lastName(of: folder)
        // As metadata.name and a namespace take it.
        let isName =
            (1...50).contains(written.utf8.count) && !written.hasPrefix("-") && !written.hasSuffix("-")
            && written.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
        guard isName, written.utf8.contains(where: { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) else {
            throw Failure(
                "a bundle can't be named '\(written)': a name is 1 to 50 lowercase letters, digits and '-'",
                hint: "give one with --name", code: .data)
        }
        return written
    }

    private static func lastName(of folder: FilePath) -> String {
        if let last = folder.lexicallyNormalized().lastComponent, last.kind == .regular { return last.string }
        return FilePath(FileManager.default.currentDirectoryPath).pushing(folder).lexicallyNormalized().lastComponent?
            .string ?? ""
    }

    private static func manifest(at path: FilePath) throws -> String {
        let text = try readText(at: path)
        guard try !YAMLNode.documents(in: text, file: path.string).isEmpty else {
            throw Failure("there is nothing in \(path)", hint: "name a file with manifests", code: .data)
        }
        return text
    }

    /// Writes all files, or none where one is there.
    private static func write(_ files: [(path: String, text: String)], to folder: FilePath) throws {
        let taken = files.map(\.path).filter { path in
            var status = stat()
            return lstat(folder.appending(path).string, &status) == 0
        }
        guard taken.isEmpty else {
            throw Failure(
                "\(folder) has \(taken.joined(separator: ", ")) already; nothing was written",
                hint: "choose another folder, or move these", code: .cantCreate)
        }
        var written: [FilePath] = []
        do {
            for (path, text) in files {
                let file = folder.appending(path)
                try FileManager.default.createDirectory(
                    atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
                let descriptor = try FileDescriptor.open(
                    file, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                    permissions: FilePermissions(rawValue: 0o644))
                written.append(file)
                try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
            }
        } catch {
            for file in written { unlink(file.string) }
            let reason = (error as? Errno).map { "\($0)" } ?? "the folder can't be made"
            throw Failure(
                "can't write a bundle to \(folder): \(reason)", hint: "choose another folder", code: .cantCreate)
        }
    }
}
