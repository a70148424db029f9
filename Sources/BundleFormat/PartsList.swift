package import FoundationEssentials
internal import Frames
package import OCI
package import SystemPackage

/// What stands in `NAME.parts.json`: the parts of an archive, in their order.
///
/// It tells what is missing before anything starts, and a part that was changed on its way. What is proven of a bundle
/// is proven from its own bytes: a list that lies leads to a refusal, never to another bundle.
package struct PartsList: Hashable, Sendable, Codable {
    /// The only schema that this version of Sealift writes and reads.
    static let currentSchema = 1
    /// What its name ends with, behind the archive's.
    package static let suffix = ".parts.json"
    /// The most parts that an archive has: their names end with three digits, so that `NAME.*` has them in order.
    package static let countLimit = 999
    private static let byteLimit: Int64 = 1 << 20
    private static let subject = "list of parts"

    /// One part: a file that stands beside the list, or on another medium.
    package struct Part: Hashable, Sendable, Codable {
        /// The archive's name, a dot, and the part's number, from `001` on.
        package var name: String
        package var size: Int64
        package var digest: Digest
    }

    var schemaVersion = currentSchema
    /// The name of the whole archive; no path.
    package var name: String
    /// Its length and digest.
    package var size: Int64
    package var digest: Digest
    package var parts: [Part]

    init(name: String, size: Int64, digest: Digest, parts: [(size: Int64, digest: Digest)]) {
        self.name = name
        self.size = size
        self.digest = digest
        self.parts = parts.enumerated().map {
            Part(name: Self.name(ofPart: $0, of: name), size: $1.size, digest: $1.digest)
        }
    }

    /// Reads a list; throws ``Malformed`` where it is none, or leads anywhere but to files of its own folder.
    package init(reading bytes: Data) throws(Malformed) {
        let schema: Schema = try decodeJSON(bytes, as: Self.subject)
        guard schema.schemaVersion == Self.currentSchema else {
            throw Malformed(
                Self.subject, String(schema.schemaVersion), breaks: "this Sealift reads schema \(Self.currentSchema)")
        }
        self = try decodeJSON(bytes, as: Self.subject)
        try validate()
    }

    /// Reads the list in a file; throws ``BundleError`` or ``FramesError``.
    package init(contentsOf path: FilePath) throws {
        let file = try PartedFile(opening: path)
        guard file.size <= Self.byteLimit else {
            throw BundleError.partsList(
                path: path, reason: "it has \(file.size) bytes; at most \(Self.byteLimit) are read")
        }
        var bytes = Data()
        try file.read(0..<file.size) { bytes.append(contentsOf: $0) }
        do throws(Malformed) {
            try self.init(reading: bytes)
        } catch {
            throw BundleError.partsList(path: path, reason: error.description)
        }
    }

    /// Where the list of an archive's parts stands.
    package static func path(for archive: FilePath) -> FilePath { FilePath(archive.string + suffix) }

    /// The list as it is written: for scripts, and for people.
    package var encoded: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }

    /// The digests of the parts, as `sha256sum -c` reads them.
    package var checksums: String { parts.map { "\($0.digest.hex)  \($0.name)\n" }.joined() }

    static func name(ofPart index: Int, of archive: String) -> String {
        let number = String(index + 1)
        return "\(archive).\(String(repeating: "0", count: max(0, 3 - number.utf8.count)))\(number)"
    }

    /// The archive that a path would be a part of, by its name alone.
    static func archive(ofPart path: FilePath) -> FilePath? {
        let text = Array(path.string.utf8)
        guard text.count > 4, text.dropLast(3).last == UInt8(ascii: "."),
            text.suffix(3).allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return FilePath(String(decoding: text.dropLast(4), as: UTF8.self))
    }

    private struct Schema: Decodable {
        var schemaVersion: Int
    }

    private func validate() throws(Malformed) {
        func check(_ condition: Bool, _ input: String, _ rule: String) throws(Malformed) {
            guard condition else { throw Malformed(Self.subject, input, breaks: rule) }
        }
        // By bytes: a character may be a slash and an accent.
        let isPlain = !name.isEmpty && name.utf8.count <= 200 && !name.utf8.contains(UInt8(ascii: "/"))
        try check(isPlain && name != "." && name != "..", name, "the archive's name is one of a file, without a path")
        try check(name.printable() == name, name, "the archive's name has characters that can't be shown")
        try check(
            (1...Self.countLimit).contains(parts.count), "\(parts.count) parts",
            "an archive has 1 to \(Self.countLimit) parts")
        var sum: Int64 = 0
        for (index, part) in parts.enumerated() {
            let expected = Self.name(ofPart: index, of: name)
            try check(part.name == expected, part.name, "part \(index + 1) is called '\(expected)'")
            try check(part.digest.algorithm == .sha256, "\(part.digest)", "a part is known by its SHA-256")
            let (next, isTooMuch) = sum.addingReportingOverflow(part.size)
            try check(part.size > 0 && !isTooMuch, "\(part.size)", "no part can have so many bytes")
            sum = next
        }
        try check(sum == size, "\(size)", "the parts have \(sum) bytes")
        try check(digest.algorithm == .sha256, "\(digest)", "an archive is known by its SHA-256")
    }
}
