import FoundationEssentials
import Packages
import SystemPackage
import TestSupport
import Threads

/// Scans a layer that is in memory, handed over in pieces of `piece` bytes.
func scan(_ layer: [UInt8], piece: Int = 1 << 16) async -> LayerPackages {
    await onThread("scan") {
        var rest = layer[...]
        return LayerScan.run { buffer in
            let count = min(piece, buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
    }
}

/// Scans a layer that is in a file.
func scan(_ file: FilePath) async throws -> LayerPackages {
    try await onThread("scan") {
        let descriptor = try FileDescriptor.open(file, .readOnly)
        return try descriptor.closeAfter { try LayerScan.run { try descriptor.read(into: $0) } }
    }
}

/// A tar of `members` below `folder`, as GNU tar makes it.
func tar(_ members: [String], of folder: FilePath, to file: FilePath, _ options: [String] = []) async throws {
    _ = try await Program.run(
        "tar", ["--create", "--file", file.string, "--directory", folder.string] + options + members)
}

/// A tar of files in memory.
func layer(_ files: [String: [UInt8]]) async throws -> [UInt8] {
    let folder = TemporaryDirectory()
    for (name, bytes) in files { try write(bytes, to: folder.path.appending("root").appending(name)) }
    try await tar(["."], of: folder.path.appending("root"), to: folder.file("layer.tar"))
    return try contents(of: folder.file("layer.tar"))
}

/// A tar of texts.
func layer(_ files: [String: String]) async throws -> [UInt8] {
    try await layer(files.mapValues { Array($0.utf8) })
}

/// A script of these tests.
func script(_ name: String) -> String {
    FilePath(#filePath).removingLastComponent().appending("Scripts").appending(name).string
}

extension LayerPackages {
    /// All packages as `PATH[!INSIDE] KIND:[NAMESPACE/]NAME@VERSION`, sorted.
    var listing: [String] {
        sources.flatMap { source in
            source.packages.map { package in
                let place = package.inside.map { "\(source.path)!\($0)" } ?? source.path
                let name = package.namespace.map { "\($0)/\(package.name)" } ?? package.name
                return "\(place) \(package.kind.rawValue):\(name)@\(package.version ?? "")"
            }
        }.sorted()
    }

    /// What was not read, as `PATH: REASON`.
    var gaps: [String] { unread.map { "\($0.path ?? "layer"): \($0.reason)" } }
}
