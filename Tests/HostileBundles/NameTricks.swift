internal import BundleFormat
internal import FoundationEssentials
internal import ImageLayout
internal import OCI
internal import SystemPackage

/// The artifact manifest and the description have names, modes and sizes that lead astray.
extension HostileArchive {
    private static func artifact(
        _ name: String, _ complaint: String, _ change: @escaping @Sendable (inout Manifest) -> Void
    ) -> HostileArchive {
        HostileArchive("artifact: \(name)", complaint) { path in
            try SampleBundle { $0.editArtifact = change }.write(to: path)
        }
    }

    private static func described(_ name: String, _ old: String, _ new: String, _ complaint: String) -> HostileArchive {
        HostileArchive("description: \(name)", complaint) { path in
            try SampleBundle { $0.editDescription = { $0.replacing(old, with: new) } }.write(to: path)
        }
    }

    private static func title(_ title: String) -> HostileArchive {
        artifact("the title '\(title.printable())'", "may lead outside its folder") {
            $0.layers[1].annotations = [Annotation.title: title]
        }
    }

    package static let nameTricks: [HostileArchive] =
        [
            "../x", "/etc/passwd", "a/../../x", "files/..", "a//b", "", "a\\b", "a\nok: sound", "a\u{1B}[2J",
            "a\u{202E}b", "/\u{301}x", "files/../\u{301}x", "a/\u{301}/../b", "a\\\u{301}b",
        ]
        .map(title) + [
            artifact("a title twice", "is there twice") { $0.layers[1].annotations = $0.layers[0].annotations },
            artifact("no title", "has no title") { $0.layers[1].annotations = nil },
            artifact("a file where a folder is", "and the folder of") {
                $0.layers[1].annotations = [Annotation.title: "manifests"]
            },
            artifact("a layer of 2^63-1 bytes", "at most") { $0.layers[1].size = .max },
            artifact("a text of 2^63-1 bytes", "at most") { $0.layers[0].size = .max },
            artifact("a layer of another length", "") { $0.layers[1].size += 1 },
            artifact("a config of another kind", "is not a bundle's") { $0.config.mediaType = .ociConfig },
            artifact("15,000 layers", "is there twice") { $0.layers += repeatElement($0.layers[1], count: 15_000) },
            artifact("15,000 layers of 16 TiB", "") { manifest in
                for number in 0..<15_000 {
                    manifest.layers.append(
                        Descriptor(
                            mediaType: .file, digest: .of(.init("\(number)".utf8)), size: 1 << 44,
                            annotations: [Annotation.title: "files/\(number)"]))
                }
            },
            described("a mode with setuid", "0644", "4755", "has no mode"),
            described("a name that leads up", "\"name\":\"sample\"", "\"name\":\"../up\"", "the name"),
            described("a name that moves the cursor", "\"sample\"", "\"sam\\u001b[2Jple\"", "the name"),
            described("a version with a line feed", "1.2.3", "1\\nok: all is well", "the version"),
            described(
                "a file outside", "\"name\":\"files/words.txt\"", "\"name\":\"../words.txt\"", "is not below files/"),
            described("a key twice", "\"schemaVersion\":1", "\"schemaVersion\":2,\"schemaVersion\":1", "there twice"),
            described("another schema", "\"schemaVersion\":1", "\"schemaVersion\":2", "this Sealift reads schema 1"),
            described("no references", "\"reference\":", "\"other\":", "reference is missing"),
            described("another image", "app:1.0", "app:1.1", "index.json"),
        ]
}
