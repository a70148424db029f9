import Definition
import DefinitionTestSupport
import OCI
import SystemPackage
import Testing

private func descriptor(_ type: MediaType, _ digit: Character, _ size: Int64 = 10) throws -> Descriptor {
    Descriptor(
        mediaType: type, digest: try Digest(parsing: "sha256:" + String(repeating: digit, count: 64)), size: size)
}

private func image(_ platform: String, _ digit: Character) throws -> ImagesLock.PlatformImage {
    .init(
        platform: try Platform(parsing: platform), manifest: try descriptor(.ociManifest, digit),
        config: try descriptor(.ociConfig, digit),
        layers: [try descriptor(.ociLayerGzip, "e"), try descriptor(.ociLayer, "f")])
}

private func resolution(_ digit: Character, _ platforms: String...) throws -> ImagesLock.Resolution {
    .init(target: try descriptor(.ociIndex, digit), platforms: try platforms.map { try image($0, digit) })
}

private func origin(_ bundle: String, _ file: String = "a.yaml", field: String = "spec.image") -> ImagesLock.Origin {
    .init(bundle: bundle, file: file, object: "Pod/p", field: field)
}

private func entry(
    _ written: String, _ bundles: String..., resolution: ImagesLock.Resolution? = nil
) throws -> ImagesLock.Entry {
    .init(
        reference: written, name: try ImageReference(parsing: written), resolution: resolution,
        origins: bundles.map { origin($0) })
}

private func file(
    _ name: String, _ bundle: String, _ content: ImagesLock.File.Content? = nil, platform: Platform? = nil,
    url: String = "https://example.com/x?a=1&b=#c"
) -> ImagesLock.File {
    .init(name: name, bundle: bundle, platform: platform, source: .url(url), content: content)
}

private func content(_ digit: Character) throws -> ImagesLock.File.Content {
    .init(digest: try Digest(parsing: "sha256:" + String(repeating: digit, count: 64)), size: 5)
}

@Suite struct ImagesLockTests {
    private let full: ImagesLock

    init() throws {
        full = ImagesLock(
            images: [
                try entry("nginx:1.25", "b", "a", resolution: resolution("1", "linux/arm64", "linux/amd64")),
                try entry("busybox", "a"),
                .init(
                    reference: "quay.io/x/y:1", name: try ImageReference(parsing: "quay.io/x/y:1"),
                    resolution: .init(
                        target: try descriptor(.dockerManifest, "2"), platforms: [try image("linux/amd64", "2")]),
                    origins: [
                        origin("b", "z: [odd] \"name\".yaml", field: "data[\"a\\tb\"]"), origin("b", "#1", field: ""),
                    ]),
            ],
            files: [
                file("k0s", "b", try content("3"), platform: .linuxAMD64), file("k0s", "b", platform: .linuxARM64),
                .init(
                    name: "a.jar", bundle: "a", platform: nil, source: .path("files/a.jar"), content: try content("4")),
            ])
    }

    @Test func readsWhatItWrites() throws {
        for lock in [full, ImagesLock(), full.subset(for: "a")] {
            let text = lock.encoded()
            #expect(try ImagesLock(text: text, file: "images.lock") == lock)
            #expect(try ImagesLock(text: text, file: "images.lock").encoded() == text)
        }
    }

    @Test func writesOneFormWhateverTheOrder() throws {
        let shuffled = ImagesLock(images: full.images.reversed(), files: full.files.reversed())
        #expect(shuffled == full)
        #expect(shuffled.encoded() == full.encoded())
        #expect(
            full.images.map(\.name.description) == [
                "docker.io/library/busybox:latest", "docker.io/library/nginx:1.25", "quay.io/x/y:1",
            ])
    }

    @Test func isWrittenForPeopleToCompare() throws {
        let lock = ImagesLock(
            images: [
                try entry("nginx:1.25", "demo", resolution: resolution("1", "linux/amd64")), try entry("yes:1", "demo"),
            ],
            files: [file("k0s", "demo", platform: .linuxAMD64)])
        let (ones, es, fs) = (
            String(repeating: "1", count: 64), String(repeating: "e", count: 64), String(repeating: "f", count: 64)
        )
        #expect(
            lock.encoded() == """
                # Written by `sealift lock`; digests are never typed in by hand.
                apiVersion: sealift/v1
                kind: ImagesLock
                images:
                  - reference: nginx:1.25
                    name: docker.io/library/nginx:1.25
                    state: resolved
                    target:
                      mediaType: application/vnd.oci.image.index.v1+json
                      digest: sha256:\(ones)
                      size: 10
                    platforms:
                      - platform: linux/amd64
                        manifest:
                          mediaType: application/vnd.oci.image.manifest.v1+json
                          digest: sha256:\(ones)
                          size: 10
                        config:
                          mediaType: application/vnd.oci.image.config.v1+json
                          digest: sha256:\(ones)
                          size: 10
                        layers:
                          - mediaType: application/vnd.oci.image.layer.v1.tar+gzip
                            digest: sha256:\(es)
                            size: 10
                          - mediaType: application/vnd.oci.image.layer.v1.tar
                            digest: sha256:\(fs)
                            size: 10
                    origins:
                      - bundle: demo
                        file: a.yaml
                        object: Pod/p
                        field: spec.image
                  - reference: yes:1
                    name: docker.io/library/yes:1
                    state: unresolved
                    origins:
                      - bundle: demo
                        file: a.yaml
                        object: Pod/p
                        field: spec.image
                files:
                  - name: k0s
                    bundle: demo
                    platform: linux/amd64
                    url: "https://example.com/x?a=1&b=#c"
                    state: unresolved

                """)
    }

    @Test func quotesWhatYAMLWouldReadAsSomethingElse() throws {
        for odd in [
            "", " ", "yes", "No", "1", "1.5", "~", "null", "- a", "a: b", "a #b", "a:", "#", "\"", "\\", "\t", "é",
            "\u{7F}",
            "\u{2028}", "@a", "*a", "&a", "!a", "%a", "`a", "{a}", "[a]", "a, b", "0x1", "1:30",
        ] {
            let lock = ImagesLock(images: [
                .init(reference: "a", name: try ImageReference(parsing: "a"), origins: [origin("b", odd, field: odd)])
            ])
            #expect(try ImagesLock(text: lock.encoded(), file: "images.lock") == lock, "\(odd.debugDescription)")
        }
    }

    @Test func knowsWhatEachBundleAsksFor() {
        #expect(full.entries(for: "a").map(\.reference) == ["busybox", "nginx:1.25"])
        #expect(full.entries(for: "b").map(\.reference) == ["nginx:1.25", "quay.io/x/y:1"])
        #expect(full.entries(for: "c").isEmpty)
        let subset = full.subset(for: "a")
        #expect(subset.images.flatMap(\.origins).allSatisfy { $0.bundle == "a" })
        #expect(subset.files.map(\.name) == ["a.jar"])
        #expect(!full.isResolved)
        #expect(ImagesLock().isResolved)
    }

    @Test func replacesOneBundleAndKeepsTheOthers() throws {
        let replaced = full.replacing(bundle: "a", images: [try entry("redis:7", "a")], files: [])
        #expect(replaced.images.map(\.reference) == ["nginx:1.25", "redis:7", "quay.io/x/y:1"])
        #expect(replaced.subset(for: "b") == full.subset(for: "b"))
        #expect(replaced.files == full.files(for: "b"))
        #expect(full.replacing(bundle: "c", images: [], files: []) == full)
    }

    @Test func anUnresolvedEntryNeverUndoesAResolution() throws {
        let again = full.replacing(
            bundle: "b", images: [try entry("nginx:1.25", "b"), try entry("quay.io/x/y:1", "b")],
            files: [file("k0s", "b", platform: .linuxAMD64)])
        #expect(again[try ImageReference(parsing: "nginx:1.25")]?.resolution?.platforms.count == 2)
        #expect(again[try ImageReference(parsing: "quay.io/x/y:1")]?.resolution != nil)
        #expect(again.files(for: "b").map(\.content) == [try content("3")])
        let moved = full.replacing(
            bundle: "b", images: [], files: [file("k0s", "b", platform: .linuxAMD64, url: "https://example.com/other")])
        #expect(moved.files(for: "b").map(\.content) == [nil], "another source is another file")
    }

    @Test func aSharedEntryTakesTheNewResolution() throws {
        let name = try ImageReference(parsing: "nginx:1.25")
        let same = full.replacing(
            bundle: "a", images: [try entry("docker.io/nginx:1.25", "a", resolution: resolution("1", "linux/amd64"))],
            files: [])
        #expect(same[name]?.resolution?.platforms.count == 2, "the platform that only b wants is kept")
        #expect(same[name]?.reference == "docker.io/nginx:1.25", "the first spelling, sorted")
        #expect(same[name]?.origins.map(\.bundle) == ["a", "b"])
        let moved = full.replacing(
            bundle: "a", images: [try entry("nginx:1.25", "a", resolution: resolution("9", "linux/amd64"))], files: [])
        #expect(
            moved[name]?.resolution?.platforms.map(\.platform) == [.linuxAMD64],
            "what belonged to the old target is not")
    }

    @Test func saysWhatChanged() throws {
        #expect(full.difference(from: full).isEmpty)
        #expect(full.difference(from: full).description == "")
        let new = ImagesLock(
            images: [
                try entry("nginx:1.25", "a", "c", resolution: resolution("9", "linux/arm64", "linux/amd64")),
                try entry("redis:7", "a"),
                try entry(
                    "quay.io/x/y:1", "b",
                    resolution: .init(
                        target: try descriptor(.dockerManifest, "2"), platforms: [try image("linux/amd64", "8")])),
            ],
            files: [
                file("k0s", "b", try content("5"), platform: .linuxAMD64),
                .init(name: "a.jar", bundle: "a", platform: nil, source: .path("other.jar"), content: try content("4")),
                file("new", "a"),
            ])
        let difference = new.difference(from: full)
        #expect(difference.added.map(\.reference) == ["redis:7"])
        #expect(difference.removed.map(\.reference) == ["busybox"])
        #expect(difference.moved.map(\.name.description) == ["docker.io/library/nginx:1.25"])
        #expect(difference.platformsChanged.map(\.description) == ["quay.io/x/y:1"])
        let (ones, nines) = (String(repeating: "1", count: 64), String(repeating: "9", count: 64))
        let (threes, fives) = (String(repeating: "3", count: 64), String(repeating: "5", count: 64))
        #expect(
            difference.description == """
                + docker.io/library/redis:7  unresolved
                - docker.io/library/busybox:latest  unresolved
                ~ docker.io/library/nginx:1.25  sha256:\(ones) -> sha256:\(nines)
                ~ quay.io/x/y:1  same target, other platforms or content
                ~ docker.io/library/nginx:1.25  now also asked for by c: a.yaml Pod/p spec.image
                ~ docker.io/library/nginx:1.25  no longer asked for by b: a.yaml Pod/p spec.image
                ~ quay.io/x/y:1  now also asked for by b: a.yaml Pod/p spec.image
                ~ quay.io/x/y:1  no longer asked for by b: #1 Pod/p\u{20}
                ~ quay.io/x/y:1  no longer asked for by b: z: [odd] "name".yaml Pod/p data["a\\tb"]
                + file a/new  unresolved
                - file b/k0s (linux/arm64)  unresolved
                ~ file a/a.jar  other source
                ~ file b/k0s (linux/amd64)  sha256:\(threes) -> sha256:\(fives)
                """)
    }

    @Test func isFoundInTheBundleOrAboveIt() throws {
        try withFolder(["a/b/c/d/e/x": "", "images.lock": "", "a/b/images.lock": ""]) { root in
            func found(_ path: String) -> String? {
                ImagesLock.defaultPath(forBundleAt: root.appending(path)).string
                    .split(separator: root.lastComponent?.string ?? "").last.map { String($0) }
            }
            #expect(found("a/b") == "/a/b/images.lock", "its own first")
            #expect(found("a/b/c/d") == "/a/b/images.lock", "then the nearest above")
            #expect(found("a") == "/images.lock")
            #expect(found("none") == "/none/images.lock", "what isn't there has none above it")
        }
        try withFolder(["1/2/3/4/x": "", "1/2/3/4/5/x": "", "images.lock": ""]) { root in
            let four = ImagesLock.defaultPath(forBundleAt: root.appending("1/2/3/4"))
            #expect(four.lastComponent == "images.lock" && !four.string.contains("/1/"), "four folders up")
            let five = ImagesLock.defaultPath(forBundleAt: root.appending("1/2/3/4/5"))
            #expect(five == root.appending("1/2/3/4/5/images.lock"), "not five")
        }
    }

    private func noted(_ digit: Character, as encoding: ImagesLock.Resolution?) throws -> ImagesLock.Entry {
        .init(
            reference: "nginx:1.25", name: try ImageReference(parsing: "nginx:1.25"),
            resolution: try resolution(digit, "linux/amd64", "linux/arm64"), origins: [origin("a")],
            encoding: encoding)
    }

    /// What became of ``noted(_:as:)``.
    private func encoding(_ digit: Character) throws -> ImagesLock.Resolution {
        var image = try image("linux/amd64", digit)
        image.manifest = try descriptor(.ociManifest, "8")
        image.layers = try ["9", "a"].map { try descriptor(.ociLayerZstd, $0) }
        return .init(target: try descriptor(.ociIndex, "7"), platforms: [image])
    }

    @Test func keepsANoteOfWhatBecameOfAnImageAndBuildsNothingOnIt() throws {
        let plain = ImagesLock(images: [try noted("1", as: nil)])
        let lock = ImagesLock(images: [try noted("1", as: encoding("1"))])
        #expect(try ImagesLock(text: lock.encoded(), file: "x") == lock)
        #expect(lock.encoded().contains("    zstd:\n      target:\n"))
        #expect(lock.withoutEncodings == plain && plain.noting(encodingsOf: lock.images) == lock)
        #expect(lock.difference(from: plain).isEmpty)
        // Locked anew, it stays with what it was made of, and goes with it.
        #expect(lock.replacing(bundle: "a", images: plain.images, files: []) == lock)
        let moved = ImagesLock(images: [try noted("2", as: nil)])
        #expect(lock.replacing(bundle: "a", images: moved.images, files: []) == moved)
        #expect(moved.noting(encodingsOf: lock.images) == moved)
    }

    @Test func refusesANoteThatIsOfSomethingElse() throws {
        let text = ImagesLock(images: [try noted("1", as: encoding("1"))]).encoded()
        let config = try descriptor(.ociConfig, "1").digest
        let first = try #require(text.firstRange(of: "zstd:"))
        let place = try #require(text[first.upperBound...].firstRange(of: "digest: \(config)"))
        let stranger = "digest: sha256:" + String(repeating: "c", count: 64)
        let other = text[..<place.lowerBound] + stranger + text[place.upperBound...]
        let error = #expect(throws: DefinitionError.self) { try ImagesLock(text: String(other), file: "x") }
        #expect(error.map { "\($0)".contains("zstd") && "\($0)".contains("other configs") } == true)
    }
}
