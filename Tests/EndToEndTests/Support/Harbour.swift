import BundleFormat
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport

/// The small platform of `Fixtures/harbour` in two versions, built from a registry, and machines to install it on.
final class Harbour: Sendable {
    /// Whether both can be had here.
    static let isAvailable = Executables.areThere && Machine.isAvailable && KubernetesStandIn.isUsable
    static let need = "\(Executables.need); \(Machine.need); and kubectl"

    private let directory = TemporaryDirectory()

    /// What a machine has as `/data`.
    var data: FilePath { directory.file("data") }
    var first: FilePath { data.appending("harbour-1.0.0-linux-amd64.tar.zst") }

    private static let tests = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
    private static let standIn = tests.removingLastComponent().appending("K0sStandIn")

    /// Builds version 1.0.0, and 1.1.0 with another image, another k0s and one object less.
    ///
    /// With `hasManyPods` there are three more workloads, `pull`, `room` and `mount`, and a stage has 15 seconds only.
    init(hasManyPods: Bool = false) async throws {
        // Not beside the archives: a build puts its own there.
        try put(try contents(of: Executables.installer), executableAt: data.appending("bin/sealift-installer"))
        try copy(Self.tests.appending("Scripts"), to: data.appending("scripts"))
        try write(Array("{\"require_system_images\": false}".utf8), to: directory.file("settings.json"))
        try put(Array("#!/bin/sh\necho \(SealiftVersion.current)\n".utf8), executableAt: directory.file("installer"))
        try await DockerRegistry.with(.plain) { registry in
            try publish(to: registry)
            let folder = try definition("1.0.0")
            if hasManyPods { try addPods(to: folder) }
            try await build(folder, registry)
            try await build(try successor(of: folder), registry)
        }
    }

    /// Builds version 1.0.1 as a delta on top of what is at `base`, with another image and the same k0s; returns its
    /// archive.
    func delta(since base: FilePath) async throws -> FilePath {
        try await DockerRegistry.with(.plain) { registry in
            let folder = directory.file("1.0.1")
            if !FileManager.default.fileExists(atPath: folder.string) {
                try copy(directory.file("1.0.0"), to: folder)
                try FileManager.default.removeItem(atPath: folder.appending("images.lock").string)
                try edit(folder.appending("bundle.yaml"), [("version: 1.0.0", "version: 1.0.1")])
                try edit(folder.appending("manifests/app/web.yaml"), [("harbour/web:1.0", "harbour/web:1.1")])
            }
            try publish(to: registry)
            try await build(folder, registry, ["--since", base.string, "--force"])
        }
        return data.appending("harbour-1.0.1-linux-amd64.delta.tar.zst")
    }

    /// Cuts version 1.0.0 into parts, in `a` and, but for the first, in `b`.
    func split() async throws {
        let (a, b) = (data.appending("a"), data.appending("b"))
        for folder in [a, b] {
            try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        }
        let run = try await SealiftRun(
            [Executables.sealift.string, "split", first.string, "--size", "1M", "--output", a.string],
            environment: [:], in: data)
        guard run.code == 0 else { throw NotBuilt(transcript: run.transcript) }
        for name in try FileManager.default.contentsOfDirectory(atPath: a.string)
        where name.last?.isNumber == true && !name.hasSuffix(".001") {
            try FileManager.default.moveItem(atPath: a.appending(name).string, toPath: b.appending(name).string)
        }
    }

    /// Builds the bundle for a machine of another kind; returns its archive.
    func foreign() async throws -> FilePath {
        try await DockerRegistry.with(.plain) { registry in
            for repository in ["harbour/web", "harbour/tools"] {
                try registry.add(try TestImage(platforms: [.linuxARM64]), as: repository, tag: "1.0")
            }
            let folder = try definition("foreign")
            try edit(folder.appending("bundle.yaml"), [("linux/amd64", "linux/arm64")])
            try await build(folder, registry)
        }
        return data.appending("harbour-1.0.0-linux-arm64.tar.zst")
    }

    /// Writes what k0sctl would bring version 1.0.0 up with into a folder of `data`.
    func export(_ arguments: [String], to folder: String) async throws {
        let target = data.appending(folder)
        try FileManager.default.createDirectory(atPath: target.string, withIntermediateDirectories: true)
        let run = try await SealiftRun(
            [Executables.sealift.string, "export", "k0sctl", first.string] + arguments + [
                "--installer", data.appending("bin/sealift-installer").string, "--output",
                target.appending("k0sctl.yaml").string,
            ], environment: ["HOME": directory.path.string], in: directory.path)
        guard run.code == 0 else { throw NotBuilt(transcript: run.transcript) }
    }

    /// Runs one of `Scripts` on a machine that has k0s' stand-in; fails the test where the machine does.
    ///
    /// `end` is the machine's end of a network, and `shared` what it has as `/shared`.
    func run(
        _ script: String, disk: FilePath? = nil, shared: FilePath? = nil, end: String? = nil,
        timeout: Duration = .seconds(900)
    ) async throws -> MachineLog {
        guard let kubectl = KubernetesStandIn.kubectl else {
            throw NotBuilt(transcript: "there is no kubectl")
        }
        let place = "/usr/lib/k0s-stand-in"
        let run = try await Machine.namespaces.run(
            script: ". /data/scripts/sections.sh; . /data/scripts/\(script).sh", data: data,
            copies: [
                "\(place)/standin": Self.standIn.appending("standin"), "\(place)/kubectl": kubectl,
                "/etc/k0s-stand-in/settings.json": directory.file("settings.json"),
            ], disk: disk, shared: shared, network: end, timeout: timeout)
        return MachineLog(status: run.status, whole: run.output)
    }

    /// A path that is this test's alone.
    func file(_ name: String) -> FilePath { directory.file(name) }

    private func publish(to registry: DockerRegistry) throws {
        let images = [("harbour/web", "1.0", UInt64(1)), ("harbour/web", "1.1", 2), ("harbour/tools", "1.0", 3)]
        let base = [(name: "bin/sh", bytes: try contents(of: "/bin/busybox"))]
        for (repository, tag, seed) in images {
            let image = try TestImage(
                platforms: [.linuxAMD64, .linuxARM64], layers: [0, 50_000], seed: seed, base: base)
            try registry.add(image, as: repository, tag: tag)
        }
    }

    private func definition(_ name: String) throws -> FilePath {
        let folder = directory.file(name)
        try copy(Self.tests.appending("Fixtures/harbour"), to: folder)
        try copy(Self.standIn.appending("k0s"), to: folder.appending("k0s"))
        return folder
    }

    private func addPods(to folder: FilePath) throws {
        try edit(folder.appending("bundle.yaml"), [("{timeout: 2m}\n    checks", "{timeout: 15s}\n    checks")])
        for name in ["pull", "room", "mount"] {
            let text = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: \(name), namespace: harbour}
                spec:
                  selector: {matchLabels: {app: \(name)}}
                  template:
                    metadata: {labels: {app: \(name)}}
                    spec:
                      containers:
                        - name: main
                          image: docker.io/harbour/tools:1.0
                          imagePullPolicy: Never
                          readinessProbe: {tcpSocket: {port: 80}}
                          livenessProbe: {tcpSocket: {port: 80}}
                          resources: {limits: {cpu: 100m, memory: 32Mi}}

                """
            try write(text.utf8, to: folder.appending("manifests/app/\(name).yaml"))
        }
    }

    private func successor(of first: FilePath) throws -> FilePath {
        let folder = directory.file("1.1.0")
        try copy(first, to: folder)
        try FileManager.default.removeItem(atPath: folder.appending("images.lock").string)
        try FileManager.default.removeItem(atPath: folder.appending("manifests/app/buoy.yaml").string)
        try edit(
            folder.appending("bundle.yaml"),
            [("version: 1.0.0", "version: 1.1.0"), ("v1.36.3+k0s.0", "v1.36.4+k0s.0")])
        try edit(folder.appending("manifests/app/web.yaml"), [("harbour/web:1.0", "harbour/web:1.1")])
        try edit(folder.appending("k0s"), [(#"VERSION = "v1.36.3+k0s.0""#, #"VERSION = "v1.36.4+k0s.0""#)])
        return folder
    }

    private func build(_ folder: FilePath, _ registry: DockerRegistry, _ more: [String] = []) async throws {
        let mirror = "docker.io=http://\(registry.host)"
        let commands = [
            ["lock", folder.string, "--mirror", mirror],
            [
                "build", folder.string, "--mirror", mirror, "--output", data.string, "--installer",
                directory.file("installer").string,
            ] + more,
        ]
        for command in commands {
            let run = try await SealiftRun(
                [Executables.sealift.string] + command,
                environment: ["HOME": directory.path.string, "XDG_CACHE_HOME": directory.file("cache").string],
                in: directory.path)
            guard run.code == 0 else { throw NotBuilt(transcript: run.transcript) }
        }
    }

    /// Replaces texts in a file; fails the test where one is not there.
    private func edit(_ path: FilePath, _ changes: [(old: String, new: String)]) throws {
        var text = String(decoding: try contents(of: path), as: UTF8.self)
        for (old, new) in changes {
            guard text.contains(old) else { throw NotBuilt(transcript: "\(path) has no '\(old)'") }
            text.replace(old, with: new)
        }
        try Data(text.utf8).write(to: URL(filePath: path.string))
    }

    private func copy(_ source: FilePath, to target: FilePath) throws {
        try FileManager.default.createDirectory(
            atPath: target.removingLastComponent().string, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: source.string, toPath: target.string)
    }

    private func put(_ bytes: [UInt8], executableAt path: FilePath) throws {
        try write(bytes, to: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
    }

    struct NotBuilt: Error {
        var transcript: String
    }
}
