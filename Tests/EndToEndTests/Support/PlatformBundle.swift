import Definition
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport

/// The bundle `infometis` with a small image under the name of every real one, built as a user would.
final class PlatformBundle: Sendable {
    private let directory = TemporaryDirectory()
    let definition: BundleDefinition
    /// What `sealift lock` made of a copy of the repository's lock.
    let lock: ImagesLock

    /// What a machine has as `/data`.
    private let data: FilePath

    private static let root = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent().removingLastComponent()

    init() async throws {
        let folder = Self.root.appending("bundles").appending("infometis")
        let definition = try BundleDefinition(at: folder)
        self.definition = definition
        let committed = Self.root.appending(ImagesLock.fileName)
        let copy = directory.file("images.lock")
        data = directory.file("data")
        try write(try contents(of: committed), to: copy)
        let scripts = Self.root.appending("Tests/EndToEndTests/Scripts")
        try FileManager.default.createDirectory(atPath: data.string, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: scripts.string, toPath: data.appending("scripts").string)
        let local = directory.file("file")
        try write(Array("what stands for a file from the Internet".utf8), to: local)
        let names = try ImagesLock(at: committed).entries(for: definition.name).map(\.name)
        let base = [(name: "bin/sh", bytes: try contents(of: "/bin/busybox"))]
        let environment = ["HOME": directory.path.string, "XDG_CACHE_HOME": directory.file("cache").string]
        let (path, output) = (directory.path, data.string)
        try await DockerRegistry.with(.plain) { registry in
            for (number, name) in names.enumerated() {
                let image = try TestImage(
                    format: number.isMultiple(of: 2) ? .oci : .docker, platforms: [.linuxAMD64, .linuxARM64],
                    layers: [0, 20_000], seed: UInt64(number + 1), base: base)
                try registry.add(image, as: "\(name.registry)/\(name.repository)", tag: name.tag ?? "latest")
            }
            var options = ["--lock", copy.string, "--kubernetes-binary", K0sStandIn.program.string]
            for host in Set(names.map(\.registry)).sorted() {
                options += ["--mirror", "\(host)=http://\(registry.host)/\(host)"]
            }
            for file in definition.files { options += ["--file", "\(file.name)=\(local)"] }
            for command in [["lock", folder.string], ["build", folder.string, "--output", output]] {
                let run = try await SealiftRun(
                    [Executables.sealift.string] + command + options, environment: environment, in: path)
                guard run.code == 0 else { throw NotBuilt(transcript: run.transcript) }
            }
        }
        lock = try ImagesLock(at: copy)
        let program = data.appending("bin/sealift-installer")
        try write(try contents(of: Executables.installer), to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.string)
    }

    /// Runs one of `Scripts` on a machine that has k0s' stand-in.
    func run(_ script: String) async throws -> MachineLog {
        guard let kubectl = KubernetesStandIn.kubectl else { throw NotBuilt(transcript: "there is no kubectl") }
        let settings = directory.file("settings.json")
        try write(Array("{}".utf8), to: settings)
        let run = try await Machine.namespaces.run(
            script: ". /data/scripts/sections.sh; . /data/scripts/\(script).sh", data: data,
            copies: K0sStandIn.copies(settings: settings).merging(["/usr/lib/k0s-stand-in/kubectl": kubectl]) { $1 },
            timeout: .seconds(900))
        return MachineLog(status: run.status, whole: run.output)
    }

    struct NotBuilt: Error {
        var transcript: String
    }
}
