import SystemPackage
import TestSupport
import Testing

/// A bundle in its archive, and a folder for what is done with it.
struct PackedBundle {
    let sample: SampleBundle
    let place: Workplace

    /// Made by `sealift build`, its images from a registry in this process.
    ///
    /// `hasKubernetes` puts the tests' stand-in for k0s into it, with next to no weight.
    init(_ sample: SampleBundle, hasKubernetes: Bool = false) async throws {
        var sample = sample
        sample.hasKubernetes = hasKubernetes
        self.sample = sample
        place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let more = hasKubernetes ? ["--kubernetes-binary", K0sStandIn.program.string] : []
        let run = try await place.build(mirror: registry.mirror, more)
        try #require(run.code == 0, "\(run.transcript)")
    }

    /// One that was built already.
    init(sample: SampleBundle, place: Workplace) {
        self.sample = sample
        self.place = place
    }

    /// The archive.
    var archive: FilePath { place.output.appending(sample.archive) }

    /// Runs the installer with the archive as what follows `verb`.
    func installer(_ verb: String, _ more: [String] = []) async throws -> SealiftRun {
        try await place.run([Executables.installer.string, verb, archive.string] + more)
    }

    /// Runs a script in a mount namespace of its own, which goes with everything that was mounted.
    ///
    /// The script has `$installer`, `$archive`, `$work` (a folder), and `$1` and so on; what it leaves running in the
    /// background is killed. It gets `/run` and `/var/lib` of its own, empty, where `keepsState` is false.
    func isolated(_ script: String, _ arguments: [String] = [], keepsState: Bool = false) async throws -> SealiftRun {
        let whole = """
            set -uo pipefail
            installer=$1 archive=$2 work=$3; shift 3
            trap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT
            mkdir -p "$work"
            \(keepsState ? "" : "mount -t tmpfs none /run && mount -t tmpfs none /var/lib || exit 99")

            """
        return try await place.run(
            [
                "unshare", "--mount", "/bin/bash", "-c", whole + script, "bash", Executables.installer.string,
                archive.string, place.file("work").string,
            ] + arguments)
    }
}

extension Executables {
    /// What `PackedBundle.isolated` takes.
    static let canIsolate =
        areThere && isRoot && areInstalled("unshare") && areInstalled("mount") && areInstalled("chroot")
    static let isolationNeed: Comment = "needs root, util-linux, and what Executables.need says"
}

/// A containerd and a Kubernetes API of the tests, as a bundle without Kubernetes finds them on a host.
enum ForeignCluster {
    static let isUsable = Executables.canIsolate && ContainerdDaemon.isUsable && KubernetesStandIn.isUsable
    static let need: Comment = "needs root, util-linux, containerd, python3, $SEALIFT_KUBECTL, and the executables"

    /// Runs `body` with what `install` must be told to use them, and with containerd's socket.
    static func with(_ body: (_ arguments: [String], _ socket: FilePath) async throws -> Void) async throws {
        guard let kubectl = KubernetesStandIn.kubectl else { throw Errno.noSuchFileOrDirectory }
        try await ContainerdDaemon.with { socket in
            try await KubernetesStandIn.with { cluster in
                let kubernetes = ["--kubectl", kubectl.string, "--kubeconfig", cluster.kubeconfig.string]
                try await body(["--address", socket.string] + kubernetes, socket)
            }
        }
    }
}

/// The program that stands in for k0s, and what it needs on a machine.
enum K0sStandIn {
    private static let folder = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent().appending("K0sStandIn")

    static let program = folder.appending("k0s")

    /// What to copy into a machine, by the path that it gets there; `settings` is a file of the stand-in's settings.
    static func copies(settings: FilePath) -> [String: FilePath] {
        [
            "/usr/lib/k0s-stand-in/standin": folder.appending("standin"),
            "/etc/k0s-stand-in/settings.json": settings,
        ]
    }
}
