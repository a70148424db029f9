import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `push`, `pull`, `serve` and `export hosts`, as a user runs them.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct RegistryCommandTests {
    private struct Pushed: Decodable {
        struct Blobs: Decodable {
            var uploaded: Int
            var present: Int
        }
        var digest: String
        var blobs: Blobs
    }

    @Test func aKilledPushIsCompletedByTheNext() async throws {
        let packed = try await PackedBundle(.large(3_000_000))
        try await DockerRegistry.with(.plain) { registry in
            let target = "\(registry.host)/team/platform"
            let push = ["push", packed.archive.string, target, "--plain-http", "127.0.0.1", "--jobs", "1"]
            let killed = try await packed.place.sealift(push) { try $0(.kill) }
            // Whether it had come to an end, or had not begun: what is there is there.
            #expect([0, 137].contains(killed.code), "\(killed.transcript)")
            let first = try await packed.place.sealift(push + ["--format", "json"])
            #expect(first.code == 0, "\(first.transcript)")
            let again: Pushed = try await packed.place.sealift(push + ["--format", "json"]).decoded()
            #expect(again.blobs.uploaded == 0)
            let pulled = try await packed.place.sealift([
                "pull", "\(target):1.0.0", "--plain-http", "127.0.0.1", "--output",
                packed.place.file("pulled").string, "--cache", packed.place.file("other").string,
            ])
            #expect(pulled.code == 0, "\(pulled.transcript)")
            let path = FilePath(pulled.lines.last ?? "")
            #expect(try contents(of: path) == contents(of: packed.archive))
            #expect(pulled.errors.contains("the same file as was pushed"), "\(pulled.errors)")
        }
    }

    @Test(.enabled(if: Executables.areInstalled("curl"), "needs curl"))
    func servesUntilItIsToldToStop() async throws {
        let packed = try await PackedBundle(.ordinary())
        let run = try await packed.place.shell(
            """
            "$1" serve "$2" --listen 127.0.0.1:0 --log-requests >address 2>log &
            for _ in $(seq 300); do [ -s address ] && break; sleep 0.1; done
            curl -sSf "$(head -n 1 address)/v2/_catalog"
            kill -TERM $!
            wait $!
            grep -q 'GET /v2/_catalog 200' log
            grep -q 'certs.d/docker.io/hosts.toml' log
            """, Executables.sealift.string, packed.archive.string)
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.output.contains("docker.io/"), "\(run.output)")
    }

    @Test func exportsHostsFiles() async throws {
        let packed = try await PackedBundle(.ordinary())
        let out = packed.place.file("certs.d")
        let arguments = ["export", "hosts", packed.archive.string, "--server", "http://10.0.0.5:5000"]
        let run = try await packed.place.sealift(arguments + ["--output", out.string])
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.lines.contains(out.appending("docker.io/hosts.toml").string), "\(run.output)")
        for path in run.lines { #expect(exists(FilePath(path))) }
        let wrong = try await packed.place.sealift(arguments.dropLast() + ["10.0.0.5:5000"])
        #expect(wrong.code == 65)
        #expect(wrong.errors.contains("hint: "), "\(wrong.errors)")
    }
}
