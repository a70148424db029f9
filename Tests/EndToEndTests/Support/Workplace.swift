import BundleFormat
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport

/// What one user has: a home, a cache, a bundle and an output folder, all removed afterwards.
final class Workplace: Sendable {
    private let directory = TemporaryDirectory()

    /// The bundle's folder.
    var bundle: FilePath { file("bundle") }
    /// Where archives go.
    var output: FilePath { file("dist") }
    /// The cache that commands use unless told otherwise.
    var cache: FilePath { file("cache/sealift") }
    var lock: FilePath { bundle.appending("images.lock") }

    /// Makes the folders; `sample` is the bundle.
    init(_ sample: SampleBundle) throws {
        try sample.write(to: bundle)
        for name in ["home", "tmp"] {
            try FileManager.default.createDirectory(atPath: file(name).string, withIntermediateDirectories: true)
        }
        // The real installer is most of a small bundle's bytes; where it doesn't matter a script stands for it.
        try write("#!/bin/sh\necho \(SealiftVersion.current)\n".utf8, to: standIn)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: standIn.string)
    }

    /// An installer that only knows its version.
    private var standIn: FilePath { file("stand-in-installer") }

    func file(_ name: String) -> FilePath { directory.file(name) }

    /// Nothing of this machine's user.
    var environment: [String: String] {
        [
            "HOME": file("home").string, "XDG_CACHE_HOME": file("cache").string,
            "DOCKER_CONFIG": file("home/.docker").string, "TMPDIR": file("tmp").string,
        ]
    }

    /// Runs any program.
    func run(
        _ command: [String], whileRunning: (_ send: (Signal) throws -> Void) async throws -> Void = { _ in }
    ) async throws -> SealiftRun {
        try await SealiftRun(command, environment: environment, in: directory.path, whileRunning: whileRunning)
    }

    /// Runs `sealift`.
    func sealift(
        _ arguments: [String], whileRunning: (_ send: (Signal) throws -> Void) async throws -> Void = { _ in }
    ) async throws -> SealiftRun {
        try await run([Executables.sealift.string] + arguments, whileRunning: whileRunning)
    }

    /// Runs a script with `$1`, `$2` and so on.
    func shell(_ script: String, _ arguments: String...) async throws -> SealiftRun {
        try await run(["/bin/bash", "-c", "set -euo pipefail\n" + script, "bash"] + arguments)
    }

    /// The arguments of a build whose images come from `mirror`.
    func buildArguments(mirror: String, _ more: [String] = [], installer: FilePath? = nil) -> [String] {
        var arguments = ["build", bundle.string, "--mirror", "docker.io=\(mirror)"]
        if !more.contains("--output") { arguments += ["--output", output.string] }
        return arguments + ["--installer", (installer ?? standIn).string] + more
    }

    func build(mirror: String, _ more: [String] = [], installer: FilePath? = nil) async throws -> SealiftRun {
        try await sealift(buildArguments(mirror: mirror, more, installer: installer))
    }

    func lock(mirror: String, _ more: [String] = []) async throws -> SealiftRun {
        try await sealift(["lock", bundle.string, "--mirror", "docker.io=\(mirror)"] + more)
    }

    /// The names in a folder, hidden ones too; none where there is no such folder.
    func names(in folder: FilePath) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []).sorted()
    }
}

extension DockerRegistry {
    /// Its address for `--mirror`.
    var mirror: String { "http://\(host)" }
}
