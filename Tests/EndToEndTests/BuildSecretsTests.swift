import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// No secret of the connected side gets anywhere but where it belongs: secrets of the tests' own are looked for, in every
/// spelling, in all that is printed, written, and handed to other programs.
@Suite(.enabled(if: Executables.areThere && Executables.areInstalled("strace"), "needs strace, and what all here need"))
struct BuildSecretsTests {
    /// A registry that wants a token, and a token server that wants a password, in one.
    private static func registry(
        _ sample: SampleBundle, user: String, password: Canary, token: Canary, echoes: Bool = false
    ) -> ScriptedRegistry {
        let basic = "Basic " + Data("\(user):\(password.secret)".utf8).base64EncodedString()
        // A token may have no characters but those of a URL.
        let accepted = "Bearer " + token.secret
        return ScriptedRegistry(
            sample,
            before: { request, connection in
                let given = request.headers["authorization"] ?? ""
                func refuse(_ challenge: String) -> Bool {
                    // Some registries say what they were given.
                    let words =
                        echoes
                        ? given.replacing("\"", with: "") + " "
                            + String(decoding: Data(base64Encoded: String(given.dropFirst(6))) ?? Data(), as: UTF8.self)
                            .replacing("\"", with: "\\\"") : "no"
                    connection.answer(
                        401, ["WWW-Authenticate": challenge],
                        body: Array("{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"\(words)\"}]}".utf8))
                    return true
                }
                if request.path.hasPrefix("/token") {
                    guard given == basic else { return refuse("Basic realm=\"x\"") }
                    connection.answer(200, body: Array("{\"token\":\"\(token.secret)\"}".utf8))
                    return true
                }
                let host = request.headers["host"] ?? ""
                return given == accepted ? false : refuse("Bearer realm=\"http://\(host)/token\",service=\"s\"")
            }, blob: { _, _, _, _ in false })
    }

    /// A place with a helper that knows the password, a locked key, and the canaries.
    private struct Scene {
        let place: Workplace
        let password = Canary("the registry's password")
        let token = Canary("the token", secret: "cnry\(UInt64.random(in: .min ... .max))tkn")
        let proxy = Canary("the proxy's password", secret: "cnry\(UInt64.random(in: .min ... .max))prx")
        let mirror = Canary("the mirror's password", secret: "cnry\(UInt64.random(in: .min ... .max))mrr")
        let passphrase = Canary("the passphrase")
        var key: [Canary] = []
        var all: [Canary] { [password, token, proxy, mirror, passphrase] + key }

        init(_ sample: SampleBundle) throws { place = try Workplace(sample) }

        func writeConfiguration(_ password: Canary, for registry: String) throws {
            let auth = Data("alice:\(password.secret)".utf8).base64EncodedString()
            try write(
                "{\"auths\":{\"\(registry)\":{\"auth\":\"\(auth)\"}}}".utf8, to: place.file("home/.docker/config.json"))
        }

        func writeHelper(for registry: String) throws {
            try write(
                "{\"credHelpers\":{\"\(registry)\":\"canary\"}}".utf8, to: place.file("home/.docker/config.json"))
            struct Answer: Encodable {
                var Username: String
                var Secret: String
            }
            let answer = try JSONEncoder().encode(Answer(Username: "alice", Secret: password.secret))
            let helper = place.file("secrets/docker-credential-canary")
            try write(
                Array("#!/bin/sh\ncat >/dev/null\ncat <<'END'\n".utf8) + answer + Array("\nEND\n".utf8), to: helper)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: helper.string)
        }

        /// Runs `sealift`, its children's arguments and environments kept in `execs/`.
        func sealift(_ arguments: [String], proxied: Bool = false) async throws -> SealiftRun {
            var variables = ["PATH=\(place.file("secrets")):/usr/bin:/bin"]
            if proxied { variables.append("http_proxy=http://bob:\(proxy.secret)@127.0.0.1:1") }
            let trace = place.file("execs/\(UInt64.random(in: .min ... .max))")
            try write([], to: trace)
            return try await place.run(
                ["env"] + variables
                    + ["strace", "-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-e", "signal=none"]
                    + ["-o", trace.string, Executables.sealift.string] + arguments)
        }
    }

    /// What no search may look at: where the secrets belong, and the traces, of which the children's part counts.
    private static let owners = ["secrets", "home/.docker", "execs"]

    private func check(_ scene: Scene, _ runs: [SealiftRun]) throws {
        for run in runs {
            for canary in scene.all { #expect(!canary.isIn(run.output + run.errors), "\(canary) in \(run.transcript)") }
        }
        #expect(try scene.place.traces(of: scene.all, except: Self.owners) == [])
        for name in scene.place.names(in: scene.place.file("execs")) {
            let lines = String(decoding: try contents(of: scene.place.file("execs/\(name)")), as: UTF8.self)
                .split(separator: "\n")
            for line in lines {
                // The user's own command, and a helper that may need the user's environment.
                let isOwn =
                    line.contains("execve(\"\(Executables.sealift)\"") || line.contains("execve(\"/usr/bin/env\"")
                let mayHave =
                    isOwn
                    ? [scene.proxy.description, scene.mirror.description]
                    : line.contains("docker-credential-canary") ? [scene.proxy.description] : []
                for canary in scene.all where canary.isIn(String(line)) && !mayHave.contains(canary.description) {
                    Issue.record("\(canary) is handed on: \(line)")
                }
            }
        }
    }

    /// The key of `NAME.key`: its PEM lines, and its bytes as they are and in hexadecimal.
    private func secrets(of key: FilePath) throws -> [Canary] {
        String(decoding: try contents(of: key), as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("---") }
            .map { Canary("the private key", secret: String($0)) }
    }

    @Test func noSecretOfABuildIsAnywhereElse() async throws {
        let sample = try SampleBundle.ordinary()
        var scene = try Scene(sample)
        let place = scene.place
        let registry = Self.registry(sample, user: "alice", password: scene.password, token: scene.token)
        let host = String(registry.mirror.dropFirst("http://".count))
        try write("\(scene.passphrase.secret)\n".utf8, to: place.file("secrets/passphrase"))
        let opening = ["--passphrase-file", place.file("secrets/passphrase").string]
        var runs = [
            try await scene.sealift(["keygen", "--output", place.file("secrets/locked").string] + opening),
            try await scene.sealift(["keygen", "--output", place.file("secrets/open").string]),
        ]
        scene.key = try secrets(of: place.file("secrets/locked.key")) + secrets(of: place.file("secrets/open.key"))
        try scene.writeHelper(for: host)
        let mirror = ["--mirror", "docker.io=\(registry.mirror)"]
        runs.append(try await scene.sealift(["lock", place.bundle.string] + mirror))
        try scene.writeConfiguration(scene.password, for: host)
        for (format, key) in [("text", "locked"), ("json", "open")] {
            let sign = ["--sign", place.file("secrets/\(key).key").string] + (key == "open" ? [] : opening)
            let arguments = place.buildArguments(
                mirror: registry.mirror, sign + ["--format", format, "--force", "--verbose"])
            runs.append(try await scene.sealift(arguments + ["--dry-run"]))
            runs.append(try await scene.sealift(arguments))
        }
        runs.append(try await scene.sealift(place.buildArguments(mirror: registry.mirror, ["--no-cache", "--force"])))
        let archive = place.output.appending(sample.archive).string
        for arguments in [
            ["images", place.bundle.string], ["verify", archive], ["inspect", archive, "--format", "json"],
            ["sign", archive, "--key", place.file("secrets/open.key").string, "--force"],
            ["verify", archive, "--key", place.file("secrets/open.pub").string],
        ] { runs.append(try await scene.sealift(arguments)) }
        for run in runs { #expect(run.code == 0, "\(run.transcript)") }
        let unpacked = try await place.shell(
            #"mkdir "$2" && tar -C "$2" --zstd -xf "$1""#, archive, place.file("unpacked").string)
        #expect(unpacked.code == 0, "\(unpacked.transcript)")
        try check(scene, runs)
        print(
            "torture: \(scene.all.count) secrets of \(runs.count) commands of a builder: none in outputs, files or children"
        )
    }

    @Test func noErrorTellsASecret() async throws {
        let sample = try SampleBundle.ordinary()
        let scene = try Scene(sample)
        let place = scene.place
        let wrong = Canary("the password that is wrong")
        let registry = Self.registry(
            sample, user: "alice", password: wrong, token: scene.token, echoes: true)
        let host = String(registry.mirror.dropFirst("http://".count))
        try write("\(scene.passphrase.secret)\n".utf8, to: place.file("secrets/passphrase"))
        let key = place.file("secrets/locked")
        _ = try await scene.sealift(
            ["keygen", "--output", key.string, "--passphrase-file", place.file("secrets/passphrase").string])
        try write("not \(scene.passphrase.secret)\n".utf8, to: place.file("secrets/other"))
        let lock = ["lock", place.bundle.string, "--mirror"]
        var runs: [(String, SealiftRun)] = []
        // A registry that says in its refusal what it was given.
        try scene.writeConfiguration(scene.password, for: host)
        runs.append(("401", try await scene.sealift(lock + ["docker.io=\(registry.mirror)"])))
        try scene.writeHelper(for: host)
        runs.append(("401 by helper", try await scene.sealift(lock + ["docker.io=\(registry.mirror)"])))
        let userInformation = "http://bob:\(scene.mirror.secret)@127.0.0.1:9"
        runs.append(("mirror", try await scene.sealift(lock + ["docker.io=\(userInformation)"])))
        for text in ["", "a/b=", "docker.io=ftp:", "docker.io="] {
            let broken = text + (text.hasSuffix("=") ? String(userInformation.dropFirst(7)) : userInformation)
            runs.append(("mirror", try await scene.sealift(lock + [broken])))
        }
        runs.append(
            (
                "proxy",
                try await scene.sealift(
                    lock + ["docker.io=http://registry.example"] + ["--plain-http", "registry.example"], proxied: true)
            ))
        runs.append(
            (
                "passphrase",
                try await scene.sealift(
                    place.buildArguments(
                        mirror: registry.mirror,
                        ["--sign", "\(key).key", "--passphrase-file", place.file("secrets/other").string]))
            ))
        try write(
            "{\"auths\":{\"\(host)\":{\"auth\":\"\(scene.password.secret)\"".utf8,
            to: place.file("home/.docker/config.json"))
        runs.append(("broken config.json", try await scene.sealift(lock + ["docker.io=\(registry.mirror)"])))
        for (name, run) in runs { #expect(run.code != 0 && run.code != 70, "\(name): \(run.transcript)") }
        try check(scene, runs.map(\.1))
        print("torture: \(runs.count) commands of a builder that fail over a secret: none tells it")
    }
}
