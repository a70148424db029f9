import CommandSupport
import Definition
import DefinitionTestSupport
import Discovery
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BuilderCommands

private func job(_ name: String, _ images: [String]) -> String {
    let containers = images.enumerated().map { "{name: c\($0), image: \"\($1)\"}" }.joined(separator: ", ")
    return "---\nkind: Job\nmetadata: {name: \(name)}\nspec: {template: {spec: {containers: [\(containers)]}}}\n"
}

private func digest(_ text: String) -> Digest { .of(Data(text.utf8)) }

/// A map of two manifests and three images, of which two are locked and share their base.
private func sampleMap(manifest: String = "a.yaml") throws -> ImageMap {
    let definition = """
        apiVersion: sealift/v1
        kind: Bundle
        metadata: {name: demo, version: 1.0.0}
        platforms: [linux/amd64]
        stages:
          - {name: core, manifests: ['\(manifest)', z.yaml]}

        """
    let files = [
        "bundle.yaml": definition, manifest: job("one", ["x/one:1", "x/two:2"]),
        "z.yaml": job("two", ["x/two:2", "x/three:3"]),
    ]
    return try withFolder(files) { folder in
        let definition = try BundleDefinition(at: folder)
        let discovery = try discover(in: definition, values: [:])
        let layer = { (name: String, size: Int64) in
            Descriptor(mediaType: .ociLayerGzip, digest: digest(name), size: size)
        }
        let document = Descriptor(mediaType: .ociManifest, digest: digest("m"), size: 1)
        let layers = [
            "x/one:1": [layer("base", 1_000_000), layer("one", 2000)], "x/two:2": [layer("base", 1_000_000)],
        ]
        let entries = discovery.lockEntries(for: "demo").map { entry in
            ImagesLock.Entry(
                reference: entry.reference, name: entry.name,
                resolution: layers[entry.reference].map { layers in
                    .init(
                        target: document,
                        platforms: [
                            .init(platform: .linuxAMD64, manifest: document, config: document, layers: layers)
                        ])
                }, origins: entry.origins)
        }
        return ImageMap(
            discovery, of: definition, lock: ImagesLock(images: entries), platforms: definition.platforms)
    }
}

@Suite struct ImageMapTests {
    @Test func knowsWhoAsksForWhatAndWhatIsShared() throws {
        let map = try sampleMap()
        #expect(map.manifests == ["a.yaml", "z.yaml"])
        #expect(map.images.map(\.name) == ["docker.io/x/one:1", "docker.io/x/two:2", "docker.io/x/three:3"])
        #expect(map.images.map(\.manifests) == [[0], [0, 1], [1]])
        #expect(map.images.map(\.layers) == [[0, 1], [0], []])
        #expect(map.layers.map(\.isShared) == [true, false])
        #expect(map.size == 1_002_000)
    }

    @Test func theSameMapGivesTheSameBytes() throws {
        let (first, second) = (try sampleMap(), try sampleMap())
        #expect(first.dot == second.dot && first.svg == second.svg)
        #expect(first.dot.contains("  i0 -> l0 [color=\"#d07020\"];\n  i0 -> l1;"))
        #expect(first.svg.contains("shared by 2") && first.svg.contains("not locked"))
        #expect(first.svg.contains("2 manifests · 3 images · 1 of them not locked · 2 layers with 1.00 MB · 1 shared"))
    }

    @Test(arguments: ["a\"b&<c>.yaml", "a\\.yaml", "a]]>.yaml"])
    func strangeNamesStayNames(name: String) throws {
        let map = try sampleMap(manifest: name)
        #expect(unbalanced(map.svg) == nil)
        #expect(map.dot.split(separator: "\n").filter { $0.hasPrefix("    m0 ") }.count == 1)
        #expect(
            map.dot.utf8.reduce(into: (quotes: 0, isEscaped: false)) { state, byte in
                if !state.isEscaped, byte == UInt8(ascii: "\"") { state.quotes += 1 }
                state.isEscaped = !state.isEscaped && byte == UInt8(ascii: "\\")
            }.quotes.isMultiple(of: 2))
    }

    @Test func thePictureIsWellFormedAndNeedsNothingElse() throws {
        let svg = try sampleMap().svg
        #expect(unbalanced(svg) == nil)
        #expect(svg.contains("prefers-color-scheme: dark"))
        for word in ["<script", "href", "@import", "url("] { #expect(!svg.contains(word)) }
    }

    @Test(.enabled(if: Program.isInstalled("dot"), "needs graphviz"))
    func graphvizTakesTheGraph() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("map.dot")
        try write(try sampleMap(manifest: "a\"b\\c.yaml").dot.utf8, to: path)
        let drawn = try await Program.run("dot", ["-Tplain", path.string])
        let nodes = drawn.split(separator: "\n").filter { $0.hasPrefix("node ") }
        let edges = drawn.split(separator: "\n").filter { $0.hasPrefix("edge ") }
        #expect(nodes.count == 7)
        #expect(edges.count == 7)
    }

    /// The first tag that isn't closed as it was opened; `nil` where all are.
    private func unbalanced(_ xml: String) -> String? {
        var open: [Substring] = []
        var rest = xml[...]
        while let start = rest.firstIndex(of: "<") {
            guard let end = rest[start...].firstIndex(of: ">") else { return String(rest[start...]) }
            let tag = rest[rest.index(after: start)..<end]
            let name = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }
            if tag.hasPrefix("/") {
                guard open.popLast() == name else { return String(tag) }
            } else if !tag.hasSuffix("/") {
                open.append(name)
            }
            rest = rest[rest.index(after: end)...]
        }
        return open.last.map(String.init)
    }
}

@Suite struct ImageQueryTests {
    @Test(arguments: [
        ("nginx", true), ("nginx:1.25", true), ("docker.io/library/nginx", true), ("library/nginx:1.25", true),
        ("nginx:1.26", false), ("nginx-ingress", false), ("quay.io/nginx:1.25", false), ("nginx:latest", false),
    ]) func takesAnySpelling(text: String, isMatch: Bool) throws {
        #expect(try #require(ImageQuery(text)).matches("docker.io/library/nginx:1.25") == isMatch)
    }

    @Test(arguments: [
        ("ngnix", "docker.io/library/nginx:1.25"), ("grafan", "grafana/grafana:10.1.0"),
        ("grafana/grafana:10.1.1", "grafana/grafana:10.1.0"),
        ("docker.io/libary/nginx:1.25", "docker.io/library/nginx:1.25"),
    ]) func suggestsTheNearest(written: String, wanted: String) throws {
        let known = ["docker.io/library/nginx:1.25", "docker.io/grafana/grafana:10.1.0"]
        var listing = ImageListing(names: known)
        let failure = #expect(throws: (any Error).self) { try listing.keep([written]) }
        #expect((failure as? Failure)?.hint == "did you mean '\(wanted)'?")
    }
}

extension ImageListing {
    fileprivate init(names: [String]) {
        self.init(
            bundle: "demo", version: "1",
            images: names.map { name in
                let written = name.hasPrefix("docker.io/grafana") ? String(name.dropFirst("docker.io/".count)) : name
                return .init(reference: name, written: written, grade: "certain", isKubernetes: false, origins: [])
            }, unconfirmed: [], findings: [], warnings: [])
    }
}
