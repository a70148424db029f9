internal import FoundationEssentials
internal import ImageLayout
internal import OCI
internal import SystemPackage

/// `index.json` is not what hangs together.
extension HostileArchive {
    private static func index(
        _ name: String, _ complaint: String, _ change: @escaping @Sendable (inout ImageIndex) -> Void
    ) -> HostileArchive {
        HostileArchive("index.json: \(name)", complaint) { path in
            try SampleBundle { $0.editIndex = change }.write(to: path)
        }
    }

    private static func text(
        _ name: String, _ complaint: String, _ change: @escaping @Sendable (String) -> String
    ) -> HostileArchive {
        HostileArchive("index.json: \(name)", complaint) { path in
            try SampleBundle { $0.editIndexText = change }.write(to: path)
        }
    }

    private static func rename(_ index: inout ImageIndex, _ name: String) {
        index.manifests[1].annotations = [Annotation.referenceName: name, Annotation.containerdName: name]
    }

    /// Adds images that aren't there, each with a name and a digest of its own.
    private static func repeatImage(_ index: inout ImageIndex, _ count: Int) {
        for number in 0..<count {
            var entry = Descriptor(mediaType: .ociManifest, digest: .of(Data("\(number)".utf8)), size: 100)
            let name = "docker.io/a/b:\(number)"
            entry.annotations = [Annotation.referenceName: name, Annotation.containerdName: name]
            index.manifests.append(entry)
        }
    }

    private static func many(_ count: Int) -> String {
        let hex = String(repeating: "0", count: 64)
        return String(repeating: #"{"mediaType":"a","digest":"sha256:\#(hex)","size":1},"#, count: count)
    }

    package static let indexTricks: [HostileArchive] = [
        index("two artifacts", "is not the bundle's one artifact") { $0.manifests.append($0.manifests[0]) },
        index("no artifact", "without a bundle's artifact") { $0.manifests.removeFirst() },
        index("an image without a name", "has no name") { $0.manifests[1].annotations = nil },
        index("a name listed twice", "is listed twice") { $0.manifests.append($0.manifests[1]) },
        index("annotations that differ", "the two name annotations") {
            $0.manifests[1].annotations?[Annotation.referenceName] = "other"
        },
        index("only one annotation", "the two name annotations") {
            $0.manifests[1].annotations?[Annotation.containerdName] = nil
        },
        index("a name that nobody asks for", "not a name that the container runtime asks for") {
            $0.manifests[1].annotations = [Annotation.referenceName: "app:9", Annotation.containerdName: "app:9"]
        },
        index("a name that the description hasn't", "the description does not") {
            let name = "docker.io/library/other:1"
            $0.manifests[1].annotations = [Annotation.referenceName: name, Annotation.containerdName: name]
        },
        index("a name missing", "is missing from index.json") { $0.manifests.remove(at: 1) },
        index("one digest with two sizes", "is not a sound bundle") { $0.manifests[2].size += 1 },
        index("one digest with two media types", "is not a sound bundle") { $0.manifests[2].mediaType = .ociLayer },
        index("an index of schema 3", "schemaVersion must be 2") { $0.schemaVersion = 3 },
        index("an artifact of another length", "does not match its digest") { $0.manifests[0].size += 1 },
        index("an artifact of 2^63-1 bytes", "does not match its digest") { $0.manifests[0].size = .max },
        index("an artifact without bytes", "does not match its digest") { $0.manifests[0].size = 0 },
        index("another blob's digest", "does not match its digest") { $0.manifests[0].digest = $0.manifests[1].digest },
        index("a digest of another algorithm", "is missing") { index in
            // try?: 128 digits are right
            guard let other = try? Digest(algorithm: .sha512, hex: String(repeating: "a", count: 128)) else { return }
            index.manifests[0].digest = other
        },
        index("the artifact as an image", "is no container image") { index in
            let name = "docker.io/library/other:1"
            var entry = index.manifests[0].bare
            entry.annotations = [Annotation.referenceName: name, Annotation.containerdName: name]
            index.manifests.append(entry)
        },
        index("an image that is an index by its word", "two sizes or media types") {
            $0.manifests[3].mediaType = .ociIndex
        },
        index("a name with a path in it", "malformed") { rename(&$0, "../../etc/passwd:1") },
        index("a name that moves the cursor", "\\u{1b}") { rename(&$0, "docker.io/library/a\u{1B}[2J:1") },
        index("a name that turns the text around", "\\u{202e}") { rename(&$0, "docker.io/library/a\u{202E}b:1") },
        index("15,000 images", "is missing") { repeatImage(&$0, 15_000) },
        text("100,000 images", "at most") { $0.replacing("\"manifests\":[", with: "\"manifests\":[" + many(100_000)) },
        text("a digest that is none", "the algorithm must be") { $0.replacing("sha256:", with: "md5:") },
        text("a negative size", "must not be negative") { $0.replacing("\"size\":", with: "\"size\":-") },
        text("100,000 brackets", "levels deep") {
            "{\"a\":" + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + ","
                + $0.dropFirst()
        },
        text("100,000 brackets left open", "levels deep") { _ in String(repeating: "[{\"a\":", count: 100_000) },
        text("8 MiB of values", "values") {
            "{\"a\":[" + String(repeating: "1,", count: 3_900_000) + "1]," + $0.dropFirst()
        },
        text("a key twice", "there twice in one object") { "{\"manifests\":[]," + $0.dropFirst() },
        text("a key twice, spelt otherwise", "there twice in one object") {
            "{\"\\u006danifests\":[]," + $0.dropFirst()
        },
        text("UTF-16", "must be UTF-8") { $0.map { "\($0)\0" }.joined() },
        text("nothing", "not valid JSON") { _ in "" },
        text("an unfinished string", "not valid JSON") { _ in "{\"a" },
    ]
}
