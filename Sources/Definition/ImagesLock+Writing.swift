internal import OCI

extension ImagesLock {
    private static let header = """
        # Written by `sealift lock`; digests are never typed in by hand.
        apiVersion: sealift/v1
        kind: ImagesLock

        """

    /// The text of images.lock: equal locks give equal bytes.
    package func encoded() -> String {
        var writer = LockWriter(text: Self.header)
        writer.list("images", of: images) { $0.image($1) }
        writer.list("files", of: files) { $0.file($1) }
        return writer.text
    }
}

/// Writes the one form of YAML that a lock has: block style, two spaces, quotes only where they are needed.
private struct LockWriter {
    private(set) var text: String
    /// The first key of a list element stands behind its dash.
    private var startsElement = false
    private var indent = 0

    init(text: String) { self.text = text }

    mutating func list<Element>(
        _ key: String, of elements: [Element], _ body: (inout LockWriter, Element) -> Void
    ) {
        guard !elements.isEmpty else { return line("\(key): []") }
        line("\(key):")
        let outer = self.indent
        self.indent = outer + 4
        for element in elements {
            startsElement = true
            body(&self, element)
        }
        self.indent = outer
    }

    mutating func image(_ entry: ImagesLock.Entry) {
        value("reference", entry.reference)
        value("name", entry.name.description)
        value("state", entry.resolution == nil ? "unresolved" : "resolved")
        if let resolution = entry.resolution { self.resolution(resolution) }
        if let encoding = entry.encoding {
            line("zstd:")
            indent += 2
            resolution(encoding)
            indent -= 2
        }
        list("origins", of: entry.origins) { writer, origin in
            writer.value("bundle", origin.bundle)
            writer.value("file", origin.file)
            writer.value("object", origin.object)
            writer.value("field", origin.field)
        }
    }

    private mutating func resolution(_ resolution: ImagesLock.Resolution) {
        descriptor("target", resolution.target)
        list("platforms", of: resolution.platforms) { writer, image in
            writer.value("platform", image.platform.description)
            writer.descriptor("manifest", image.manifest)
            writer.descriptor("config", image.config)
            writer.list("layers", of: image.layers) { $0.fields(of: $1) }
        }
    }

    mutating func file(_ file: ImagesLock.File) {
        value("name", file.name)
        value("bundle", file.bundle)
        if let platform = file.platform { value("platform", platform.description) }
        switch file.source {
        case .url(let url): value("url", url)
        case .path(let path): value("path", path)
        case .chart(let repository, let name, let version):
            value("repository", repository)
            value("chart", name)
            value("version", version)
        }
        value("state", file.content == nil ? "unresolved" : "resolved")
        if let content = file.content {
            value("digest", content.digest.description)
            line("size: \(content.size)")
        }
    }

    private mutating func descriptor(_ key: String, _ descriptor: Descriptor) {
        line("\(key):")
        indent += 2
        fields(of: descriptor)
        indent -= 2
    }

    private mutating func fields(of descriptor: Descriptor) {
        value("mediaType", descriptor.mediaType.rawValue)
        value("digest", descriptor.digest.description)
        line("size: \(descriptor.size)")
    }

    private mutating func value(_ key: String, _ value: String) { line("\(key): \(quotedUnlessPlain(value))") }

    private mutating func line(_ content: String) {
        let dash = startsElement
        startsElement = false
        text += String(repeating: " ", count: dash ? indent - 2 : indent) + (dash ? "- " : "") + content + "\n"
    }
}

/// `text` as a YAML scalar that reads back as the same text.
func quotedUnlessPlain(_ text: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/._-+@:".utf8.contains(byte)
        }
    }
    // Without a letter it could be a number, and a final colon would make it a key.
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    let isSafe =
        text.utf8.allSatisfy(isPlain) && text.first.map { $0.isLetter || $0 == "/" } == true && !text.hasSuffix(":")
        && !words.contains(text.lowercased())
    return isSafe ? text : quoted(text)
}

/// `text` in double quotes, on one line.
func quoted(_ text: String) -> String {
    var quoted = "\""
    for unit in text.unicodeScalars {
        switch unit {
        case "\"", "\\": quoted += "\\\(unit)"
        case _ where unit.value < 0x20 || (0x7F...0x9F).contains(unit.value) || (0x2028...0x2029).contains(unit.value):
            let hex = String(unit.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: quoted.unicodeScalars.append(unit)
        }
    }
    return quoted + "\""
}
