internal import Definition
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// More than any chart has.
private let maximumSize: Int64 = 64 << 20
private let maximumFiles = 10_000

/// Why a chart's content has no digest.
enum ContentFault: Error {
    case leavesFolder(String)
    case tooLarge(String)
    case unreadable(path: String, why: String)
}

/// The digest and size of a chart: of a packed one its bytes', of a folder that of all its files' names and contents.
func contentDigest(of chart: FilePath, in folder: FilePath) throws(ContentFault) -> ImagesLock.File.Content {
    guard isFolder(chart) else {
        let bytes = try content(of: chart)
        return .init(digest: .of(bytes), size: Int64(bytes.count))
    }
    var paths: [String] = []
    try collect("", in: chart, within: try real(folder), depth: 0, into: &paths)
    var hasher = DigestHasher()
    var size: Int64 = 0
    for path in paths.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        let bytes = try content(of: chart.appending(path))
        size += Int64(bytes.count)
        guard size <= maximumSize else { throw .tooLarge("\(chart) has more than \(maximumSize >> 20) MiB") }
        // No name has a zero byte, and a length ends with one, so no two folders give the same bytes.
        for part in [Data(path.utf8), Data([0]), Data("\(bytes.count)".utf8), Data([0]), bytes] {
            part.withUnsafeBytes { hasher.update($0) }
        }
    }
    return .init(digest: hasher.digest(), size: size)
}

/// The relative paths of all files below `folder`, by way of links that stay in the bundle.
private func collect(
    _ relative: String, in chart: FilePath, within bundle: FilePath, depth: Int, into paths: inout [String]
) throws(ContentFault) {
    let folder = relative.isEmpty ? chart : chart.appending(relative)
    // A link to a folder above would never end.
    guard depth < 32 else { throw .tooLarge("\(folder) is more than 32 folders deep") }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.string) } catch {
        throw .unreadable(path: folder.string, why: "the folder can't be listed")
    }
    for name in names {
        let path = relative.isEmpty ? name : "\(relative)/\(name)"
        let place = chart.appending(path)
        guard try real(place).starts(with: bundle) else { throw .leavesFolder(place.string) }
        if isFolder(place) {
            try collect(path, in: chart, within: bundle, depth: depth + 1, into: &paths)
        } else {
            paths.append(path)
            guard paths.count <= maximumFiles else { throw .tooLarge("\(chart) has more than \(maximumFiles) files") }
        }
    }
}

private func content(of path: FilePath) throws(ContentFault) -> Data {
    var status = stat()
    guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw .unreadable(path: path.string, why: "it is no regular file")
    }
    guard Int64(status.st_size) <= maximumSize else {
        throw .tooLarge("\(path) has more than \(maximumSize >> 20) MiB")
    }
    do { return try Data(contentsOf: URL(filePath: path.string)) } catch {
        throw .unreadable(path: path.string, why: "it can't be read")
    }
}

private func real(_ path: FilePath) throws(ContentFault) -> FilePath {
    guard let resolved = realpath(path.string, nil) else {
        throw .unreadable(path: path.string, why: "it leads nowhere")
    }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
}

/// Whether there is a folder at `path`, or a link to one.
func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return stat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}
