import FoundationEssentials
import HostileRegistries
import OCI
import SystemPackage
import TestSupport
import Testing

/// TLS with an authority of one's own, and proxies, as docs/network.md promises them.
@Suite(.enabled(if: Executables.areThere, Executables.need), .timeLimit(.minutes(5)))
struct NetworkTests {
    private static let scripts = FilePath("\(#filePath)").removingLastComponent().appending("Scripts")

    /// Runs `body` with `$server`, the port of a Python script that is started with `arguments`.
    private func shell(
        _ script: String, beside server: [String], in place: Workplace, _ arguments: [String]
    ) async throws -> SealiftRun {
        let whole = """
            set -uo pipefail
            program=$1; shift
            server=()
            while [ "$1" != -- ]; do server+=("$1"); shift; done
            shift
            coproc python3 "$program" "${server[@]}"
            trap 'kill "$COPROC_PID"' EXIT
            read -r port <&"${COPROC[0]}"

            """
        let program = Self.scripts.appending(server[0]).string
        return try await place.run(
            ["/bin/bash", "-c", whole + script, "bash", program] + server.dropFirst() + ["--"] + arguments)
    }

    @Test func aRegistryWithAnAuthorityOfItsOwn() async throws {
        let sample = try SampleBundle.tiny()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.tls) { registry in
            try sample.publish(to: registry)
            let mirror = "https://\(registry.host)"
            let strange = try await place.lock(mirror: mirror)
            #expect(strange.code == 69, "\(strange.transcript)")
            #expect(strange.errors.contains("can't trust the connection to \(registry.host)"))
            #expect(strange.errors.contains("--ca \(registry.host)=FILE"))
            let trusted = try await place.lock(mirror: mirror, ["--ca", "\(registry.host)=\(registry.authority)"])
            #expect(trusted.code == 0, "\(trusted.transcript)")
            // The authority of another host counts for nothing.
            let other = try await place.lock(mirror: mirror, ["--ca", "registry.example=\(registry.authority)"])
            #expect(other.code == 69, "\(other.transcript)")
            let plain = try await place.lock(mirror: "http://\(registry.host)")
            #expect(plain.code == 69, "\(plain.transcript)")
        }
    }

    @Test func nothingLeadsFromHTTPSToHTTP() async throws {
        let sample = try SampleBundle.tiny()
        let place = try Workplace(sample)
        let plain = ScriptedRegistry(sample) { _, _, _, _ in false }
        try await DockerRegistry.with(.tls) { registry in
            let folder = registry.authority.removingLastComponent()
            let server = [
                "redirecting-server.py", folder.appending("server.crt").string, folder.appending("server.key").string,
                plain.mirror,
            ]
            // Not even where plain HTTP with the other host is permitted.
            let script = """
                "$1" lock "$2" --mirror docker.io=https://localhost:$port --ca "localhost=$3" --plain-http 127.0.0.1
                """
            let run = try await shell(
                script, beside: server, in: place,
                [Executables.sealift.string, place.bundle.string, registry.authority.string])
            #expect(run.code == 69, "\(run.transcript)")
            #expect(run.errors.contains("it leads from https to http"))
            #expect(!exists(place.lock))
        }
    }

    /// `$1` sealift, `$2` the bundle, `$3` the registry, `$4` its authority.
    private func behindProxy(
        _ environment: String, mirror: String = "https://$3", expecting code: Int, says: String = "",
        log: (String) -> Void
    ) async throws {
        let sample = try SampleBundle.tiny()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.tls) { registry in
            try sample.publish(to: registry)
            let run = try await shell(
                """
                \(environment) "$1" lock "$2" --mirror "docker.io=\(mirror)" --ca "localhost=$4" \
                --plain-http registry.invalid --timeout 2 --retries 0
                """, beside: ["connect-proxy.py", place.file("log").string], in: place,
                [Executables.sealift.string, place.bundle.string, registry.host, registry.authority.string])
            #expect(run.code == code, "\(run.transcript)")
            #expect(run.errors.contains(says), "\(run.transcript)")
            #expect(!run.transcript.contains(HostileRegistry.canary), "\(run.transcript)")
            // try?: no log, no request
            log((try? contents(of: place.file("log"))).map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
    }

    @Test func aProxyIsAskedForATunnelAndNothingElse() async throws {
        let secret = "alice:\(HostileRegistry.password)"
        try await behindProxy("HTTPS_PROXY=http://\(secret)@127.0.0.1:$port", expecting: 0) { log in
            #expect(log.hasPrefix("CONNECT localhost:"))
            #expect(log.contains("Basic \(Data(secret.utf8).base64EncodedString())"))
            #expect(!log.contains("GET "))
        }
    }

    @Test(arguments: ["NO_PROXY=localhost", "NO_PROXY=*", "no_proxy=example.org,localhost"])
    func aHostThatNeedsNoProxyIsAskedDirectly(_ exception: String) async throws {
        try await behindProxy("HTTPS_PROXY=http://127.0.0.1:$port \(exception)", expecting: 0) { #expect($0.isEmpty) }
    }

    @Test func plainHTTPGoesThroughAProxyToo() async throws {
        let proxy = "http_proxy=http://alice:\(HostileRegistry.password)@127.0.0.1:$port"
        try await behindProxy(proxy, mirror: "http://registry.invalid", expecting: 69, says: "405") { log in
            #expect(log.contains("GET http://registry.invalid/v2/library/busybox/manifests/1.35.0 "))
        }
    }

    @Test func aProxyThatIsDownOrHostileIsNamed() async throws {
        let secret = "alice:\(HostileRegistry.password)"
        try await behindProxy(
            "HTTPS_PROXY=http://\(secret)@127.0.0.1:1", expecting: 69, says: "can't reach localhost:"
        ) { #expect($0.isEmpty) }
        try await behindProxy(
            "HTTPS_PROXY=http://\(secret)@127.0.0.1:$port", mirror: "https://registry.invalid:1", expecting: 69,
            says: "registry.invalid:1"
        ) { #expect($0.hasPrefix("CONNECT registry.invalid:1 ")) }
    }
}
