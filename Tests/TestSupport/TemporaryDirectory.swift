internal import FoundationEssentials
internal import Glibc
package import SystemPackage

/// A folder of its own for one test, removed with everything in it when the value goes away.
package struct TemporaryDirectory: ~Copyable {
    package let path: FilePath

    package init() {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(base)/sealift-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("can't make a temporary folder in \(base)") }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path.string)  // a leftover folder fails no test
    }

    /// The absolute path of `name` in here.
    package func file(_ name: String) -> FilePath { path.appending(name) }
}

/// The whole content of a file; fails the test when it can't be read.
package func contents(of path: FilePath) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(filePath: path.string)))
}

/// Writes a file, and the folders above it.
package func write(_ bytes: some Sequence<UInt8>, to path: FilePath) throws {
    try FileManager.default.createDirectory(
        atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(Array(bytes)).write(to: URL(filePath: path.string))
}

/// Whether there is something at `path`.
package func exists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }

/// Bytes that look random, and are the same for the same seed.
package func seededBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    // A plain loop: without optimization `map` over a range asks the runtime for metadata at every step, behind a lock.
    while bytes.count < count {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        bytes.append(UInt8(truncatingIfNeeded: state >> 24))
    }
    return bytes
}
