import FoundationEssentials
import HostileRegistries
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images whose every byte is what its digest says, and that are still not what they should be.
@Suite(.enabled(if: Executables.areThere, Executables.need), .timeLimit(.minutes(5)))
struct HostileImageTests {
    /// What is done to a sound image, and what `lock` makes of it.
    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// 0 where the image is legal, however strange.
        var code = 65
        /// A part of what is said about it.
        var says: String
        var platforms = [Platform.linuxAMD64]
        var forge: @Sendable (TestImage) -> TestImage
    }

    private static let layer = "application/vnd.oci.image.layer.v1.tar+gzip"

    /// Puts something in the place of `old`, which must be there.
    private static func replacing(_ old: String, _ new: String) -> @Sendable (TestImage) -> TestImage {
        { image in
            image.forged { text in
                precondition(text.contains(old), "the image has no \(old)")
                return text.replacing(old, with: new)
            }
        }
    }

    /// The image with `count` more layers, all the same.
    private static func layers(_ count: Int) -> @Sendable (TestImage) -> TestImage {
        { image in
            let layer = image.largestLayer
            let one = #"{"mediaType":"\#(layer.mediaType.rawValue)","digest":"\#(layer.digest)","size":\#(layer.size)}"#
            let more = String(repeating: "\(one),", count: count)
            return image.forged { $0.replacing(#""layers":["#, with: #""layers":[\#(more)"#) }
        }
    }

    /// The image's largest layer once more, with other fields.
    private static func oneMore(_ fields: @escaping @Sendable (Descriptor) -> String)
        -> @Sendable (TestImage) -> TestImage
    {
        { image in
            let more = "{\(fields(image.largestLayer))},"
            return image.forged { $0.replacing(#""layers":["#, with: #""layers":[\#(more)"#) }
        }
    }

    private static let both = [Platform.linuxAMD64, .linuxARM64]

    static let lies = [
        Lie(
            testDescription: "a config as layer", says: "media type",
            forge: replacing(layer, "application/vnd.oci.image.config.v1+json")),
        Lie(
            testDescription: "layers of a type with escape sequences", says: "media type",
            forge: replacing(layer, #"application/\u001b[2J\u202ex"#)),
        Lie(testDescription: "layers of no type", says: "media type", forge: replacing(layer, "")),
        Lie(
            testDescription: "sizes that no sum can hold", says: "is listed with 9223372036854775807 bytes",
            forge: { image in
                image.forged { $0.replacing(#""size":\#(image.largestLayer.size)"#, with: #""size":\#(Int64.max)"#) }
            }),
        Lie(
            testDescription: "a negative size", says: "must not be negative",
            forge: { image in
                image.forged { $0.replacing(#""size":\#(image.largestLayer.size)"#, with: #""size":-1"#) }
            }),
        Lie(
            testDescription: "a size without measure", says: "not valid JSON",
            forge: { image in
                image.forged { $0.replacing(#""size":\#(image.largestLayer.size)"#, with: #""size":1e300"#) }
            }),
        Lie(
            testDescription: "one digest with two sizes", says: "is listed with",
            forge: oneMore { #""mediaType":"\#(layer)","digest":"\#($0.digest)","size":7"# }),
        Lie(
            testDescription: "a digest of another kind", says: "the algorithm must be",
            forge: oneMore { #""mediaType":"\#(layer)","digest":"md5:../../x","size":\#($0.size)"# }),
        Lie(
            testDescription: "a key twice", says: "twice in one object",
            forge: oneMore { #""mediaType":"\#(layer)","digest":"\#($0.digest)","size":\#($0.size),"size":7"# }),
        Lie(
            testDescription: "a key twice, one of them escaped", says: "twice in one object",
            forge: oneMore {
                #""mediaType":"\#(layer)","digest":"\#($0.digest)","size":\#($0.size),"\u0073ize":7"#
            }),
        Lie(
            testDescription: "annotations with everything that Unicode has", code: 0, says: "",
            forge: replacing(
                #""layers":["#,
                #""annotations":{"\u001b[2J":"\u202e\ufeff","a\u030a":"1","..":"\n"},"layers":["#)),
        Lie(
            testDescription: "two annotations that look the same", says: "twice in one object",
            forge: replacing(#""layers":["#, #""annotations":{"a\u030a":"1","\u00e5":"2"},"layers":["#)),
        Lie(
            testDescription: "a foreign layer with urls", code: 0, says: "",
            forge: oneMore {
                #""mediaType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip","digest":"\#($0.digest)","#
                    + #""size":\#($0.size),"urls":["file:///etc/passwd","http://elsewhere.invalid/x"]"#
            }),
        Lie(
            testDescription: "a manifest of schema 1", code: 69, says: "manifest.v1+json",
            forge: replacing(#""schemaVersion":2"#, #""schemaVersion":1"#)),
        Lie(
            testDescription: "a manifest as index", says: "must not also carry",
            forge: { $0.forged(as: .ociIndex) { $0 } }),
        Lie(
            testDescription: "a manifest that is an index too", says: "must not also carry",
            forge: replacing(#""layers":["#, #""manifests":[],"layers":["#)),
        Lie(
            testDescription: "an artifact as image", says: "no container image",
            forge: replacing("application/vnd.oci.image.config.v1+json", "application/vnd.cncf.helm.config.v1+json")),
        Lie(testDescription: "100,000 layers", says: "more than the 4194304 bytes", forge: layers(100_000)),
        Lie(testDescription: "25,000 layers", code: 0, says: "", forge: layers(25_000)),
        Lie(
            testDescription: "an index in an index", says: "index.v1+json, not an image manifest", platforms: both,
            forge: { image in
                let inner = image.root
                return image.forged { _ in
                    #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[{"mediaType":"#
                        + #""\#(MediaType.ociIndex)","digest":"\#(inner.digest)","size":\#(inner.size),"#
                        + #""platform":{"os":"linux","architecture":"amd64"}}]}"#
                }
            }),
        Lie(
            testDescription: "an index that names itself", says: "manifest of docker.io/library/busybox",
            platforms: both,
            forge: { image in
                // No digest can be in what it is the digest of; the size could be.
                image.forged { text in
                    text.replacing("\(image.manifests[0].descriptor.digest)", with: "\(image.root.digest)")
                }
            }),
        Lie(
            testDescription: "platforms with escape sequences", says: "does not exist for linux/amd64", platforms: both,
            forge: replacing(#""os":"linux""#, #""os":"\u001b[2J\u202e""#)),
    ]

    @Test(arguments: lies) func isTakenForWhatItIs(_ lie: Lie) async throws {
        let image = lie.forge(try TestImage(platforms: lie.platforms, layers: [2000, 40_000], seed: 51))
        let sample = SampleBundle(
            name: "tiny",
            images: [.init(written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0", image: image)])
        let place = try Workplace(sample)
        let registry = HostileRegistry(
            sample.images.map { .init(repository: $0.repository, tag: $0.tag, image: $0.image) }, isOpen: true)
        let run = try await MeasuredRuns.sealift(
            ["lock", place.bundle.string, "--mirror", "docker.io=\(registry.origin)"], in: place)
        let comment: Comment = "\(run.code): \(run.text.prefix(2000))"
        #expect(run.code == lie.code, comment)
        #expect(run.text.contains(lie.says) && run.text.contains("docker.io/library/busybox:1.35.0"), comment)
        #expect(run.text.contains("hint: ") == (lie.code != 0), comment)
        #expect(!run.text.unicodeScalars.contains { $0 != "\n" && "\($0)".printable() != "\($0)" }, comment)
        #expect(run.peak <= 128 << 10, "\(run.peak) KiB")
        #expect(exists(place.lock) == (lie.code == 0))
        #expect(registry.leaks.isEmpty)
        guard lie.code == 0 else { return }
        // Whatever is in the lock can be read again, and a build either makes a sound bundle or none.
        let built = try await MeasuredRuns.sealift(place.buildArguments(mirror: registry.origin), in: place)
        #expect([0, 65].contains(built.code), "\(built.text.prefix(2000))")
        #expect(built.peak <= 128 << 10, "\(built.peak) KiB")
        let archive = place.output.appending(sample.archive)
        #expect(exists(archive) == (built.code == 0))
        if built.code == 0 { #expect(try await place.sealift(["verify", archive.string]).code == 0) }
    }

    @Test func aThousandLayersAreLegal() async throws {
        let image = try TestImage(layers: Array(repeating: 20, count: 1000), seed: 52)
        let sample = SampleBundle(
            name: "tiny",
            images: [.init(written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0", image: image)])
        let place = try Workplace(sample)
        let registry = HostileRegistry(
            sample.images.map { .init(repository: $0.repository, tag: $0.tag, image: $0.image) }, isOpen: true)
        let built = try await MeasuredRuns.sealift(
            place.buildArguments(mirror: registry.origin, ["--jobs", "32"]), in: place)
        #expect(built.code == 0, "\(built.text.prefix(2000))")
        #expect(built.peak <= 128 << 10, "\(built.peak) KiB")
        let verified = try await place.sealift(["verify", place.output.appending(sample.archive).string])
        #expect(verified.code == 0, "\(verified.transcript)")
    }
}
