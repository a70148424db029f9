import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// Mistakes in the definition, the registry or the command line: a telling message, the right code, nothing left behind.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct UserErrorTests {
    /// A mistake, and what is said about it.
    struct Mistake: Sendable, CustomTestStringConvertible {
        var name: String
        var code: Int
        /// Parts of what stands on stderr.
        var says: [String]
        /// Makes it, in a workplace that holds `SampleBundle.ordinary`; returns more arguments for `build`.
        var make: @Sendable (Workplace) throws -> [String]

        var testDescription: String { name }
    }

    /// Replaces text in the definition or a manifest.
    private static func change(_ place: Workplace, _ file: String, _ old: String, _ new: String) throws {
        let path = place.bundle.appending(file)
        let text = String(decoding: try contents(of: path), as: UTF8.self)
        try #require(text.contains(old))
        try write(text.replacing(old, with: new).utf8, to: path)
    }

    static let mistakes: [Mistake] = [
        Mistake(
            name: "no such bundle", code: 66,
            says: ["/bundle: no such bundle: there is no bundle.yaml", "hint: "]
        ) {
            try FileManager.default.removeItem(atPath: $0.bundle.appending("bundle.yaml").string)
            return []
        },
        Mistake(
            name: "YAML syntax error in the definition", code: 65, says: ["bundle.yaml:7:9: not valid yaml"]
        ) {
            try change($0, "bundle.yaml", "stages:", "stages: ]")
            return []
        },
        Mistake(
            name: "YAML syntax error in a manifest", code: 65, says: ["manifests/job-1.yaml:5:5: not valid yaml"]
        ) {
            try change($0, "manifests/job-1.yaml", "  name: job-1", "  name: [job-1")
            return []
        },
        Mistake(
            name: "unknown key", code: 65,
            says: ["bundle.yaml:6: unknown key 'platfroms'", "did you mean 'platforms'?"]
        ) {
            try change($0, "bundle.yaml", "platforms:", "platfroms:")
            return []
        },
        Mistake(
            name: "no such manifest", code: 65, says: ["bundle.yaml:10", "manifests/jobs-0.yaml", "no such file"]
        ) {
            try change($0, "bundle.yaml", "job-0", "jobs-0")
            return []
        },
        Mistake(
            name: "image name with upper case", code: 65,
            says: ["manifests/job-1.yaml:11", "apache/NiFi", "did you mean 'apache/nifi:1.23.2'?"]
        ) {
            try change($0, "manifests/job-1.yaml", "apache/nifi", "apache/NiFi")
            return []
        },
        Mistake(
            name: "the tag latest", code: 65, says: ["manifests/job-1.yaml:11", "Job/job-1", "[latest-tag]", "hint: "]
        ) {
            try change($0, "manifests/job-1.yaml", "nifi:1.23.2", "nifi:latest")
            return []
        },
        Mistake(
            name: "image not found", code: 65,
            says: ["apache/nifi:1.23.9", "doesn't have it", "asked for by manifests/job-1.yaml:11 Job/job-1", "hint: "]
        ) {
            try change($0, "manifests/job-1.yaml", "nifi:1.23.2", "nifi:1.23.9")
            return []
        },
        Mistake(
            name: "platform missing from the index", code: 65,
            says: [
                "busybox:1.35.0", "does not exist for linux/s390x, only for linux/amd64, linux/arm64", "job-0.yaml:11",
            ]
        ) {
            for index in 1...3 { try change($0, "bundle.yaml", "      - manifests/job-\(index).yaml\n", "") }
            return ["--platform", "linux/s390x"]
        },
        Mistake(
            name: "platform of an image that has only one", code: 65,
            says: ["does not exist for linux/arm64, only for linux/amd64", "--platform"]
        ) { _ in ["--platform", "linux/arm64"] },
        Mistake(name: "no installer", code: 66, says: ["no sealift-installer for linux/amd64", "--installer"]) {
            ["--installer", $0.file("nowhere").string]
        },
        Mistake(name: "not an installer", code: 65, says: ["/bin/true", "is not this sealift's installer"]) { _ in
            ["--installer", "/bin/true"]
        },
        Mistake(name: "two caches", code: 64, says: ["--cache and --no-cache exclude each other"]) {
            ["--no-cache", "--cache", $0.file("other").string]
        },
        Mistake(name: "unknown option", code: 64, says: ["--forse", "--force"]) { _ in ["--forse"] },
        Mistake(name: "no jobs", code: 64, says: ["--jobs takes a number from 1 to 64"]) { _ in ["--jobs", "0"] },
        Mistake(name: "unknown parameter", code: 65, says: ["colour"]) { _ in ["--set", "colour=red"] },
        Mistake(name: "output that is a file", code: 73, says: ["bundle.yaml"]) {
            ["--output", $0.bundle.appending("bundle.yaml").string]
        },
    ]

    @Test(arguments: mistakes) func isExplained(_ mistake: Mistake) async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let more = try mistake.make(place)
            let run = try await place.build(mirror: registry.mirror, more)
            #expect(run.code == mistake.code, "\(run.transcript)")
            for part in mistake.says { #expect(run.errors.contains(part), "\(part) is not in: \(run.errors)") }
            #expect(!run.errors.contains("bug of Sealift"))
            #expect(run.output.isEmpty)
            #expect(place.names(in: place.output).isEmpty)
        }
    }

    @Test func aRegistryThatIsDown() async throws {
        let place = try Workplace(.ordinary())
        let mirror = try await DockerRegistry.with(.plain) { $0.mirror }
        let run = try await place.build(mirror: mirror)
        #expect(run.code == 69, "\(run.transcript)")
        #expect(run.errors.contains("can't reach"))
        #expect(run.errors.contains("asked for by manifests/job-"))
        #expect(run.errors.contains("hint: is "))
        #expect(place.names(in: place.output).isEmpty)
        #expect(!exists(place.lock))
    }

    @Test func wrongPasswordNoPasswordRightPassword() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.password) { registry in
            try sample.publish(to: registry)
            func build(password: String?) async throws -> SealiftRun {
                guard let password else { return try await place.build(mirror: registry.mirror) }
                let secret = Data("\(DockerRegistry.user):\(password)".utf8).base64EncodedString()
                let file = place.file("auth.json")
                try write(#"{"auths":{"\#(registry.host)":{"auth":"\#(secret)"}}}"#.utf8, to: file)
                return try await place.build(mirror: registry.mirror, ["--auth-file", file.string])
            }
            let wrong = try await build(password: "hunter2-hunter2")
            #expect(wrong.code == 77, "\(wrong.transcript)")
            #expect(wrong.errors.contains("refused the credentials"))
            #expect(wrong.errors.contains("docker login"))
            #expect(!wrong.errors.contains("hunter2"))
            let none = try await build(password: nil)
            #expect(none.code == 77, "\(none.transcript)")
            #expect(none.errors.contains("none are stored"))
            #expect(place.names(in: place.output).isEmpty)
            let right = try await build(password: DockerRegistry.password)
            #expect(right.code == 0, "\(right.transcript)")
        }
    }

    @Test func anArchiveThatIsThereStaysUnlessForced() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let archive = place.output.appending(sample.archive)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            try write("precious".utf8, to: archive)
            let refused = try await place.build(mirror: registry.mirror)
            #expect(refused.code == 73, "\(refused.transcript)")
            #expect(refused.errors.contains("\(archive) is there already"))
            #expect(refused.errors.contains("--force"))
            #expect(try contents(of: archive) == Array("precious".utf8))
            #expect(place.names(in: place.output) == [sample.archive])
            let forced = try await place.build(mirror: registry.mirror, ["--force"])
            #expect(forced.code == 0, "\(forced.transcript)")
            #expect(try await place.sealift(["verify", archive.string]).code == 0)
        }
    }

    @Test func aFailedForcedBuildKeepsTheOldArchive() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let archive = place.output.appending(sample.archive)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.build(mirror: registry.mirror).code == 0)
            let old = try contents(of: archive)
            let names = place.names(in: place.output)
            let image = sample.images[3].image
            try registry.damage(image.largestLayer.digest, with: seededBytes(Int(image.largestLayer.size), seed: 8))
            let run = try await place.build(mirror: registry.mirror, ["--force", "--no-cache"])
            #expect(run.code == 65, "\(run.transcript)")
            #expect(run.errors.contains("\(image.largestLayer.digest)"))
            #expect(try contents(of: archive) == old)
            #expect(place.names(in: place.output) == names)
        }
    }
}
