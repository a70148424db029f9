import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A containerd of its own for the time of a closure, in mount and network namespaces without interfaces; it comes back
/// when it is killed, as systemd would see to.
struct PrivateContainerd: Sendable {
    /// A version to test against.
    struct Release: Sendable, CustomTestStringConvertible {
        /// The folder that holds `containerd` and `ctr`.
        let folder: FilePath
        var testDescription: String { folder.string }
    }

    /// Those that ``ContainerdDaemon`` knows; each with the `ctr` beside it.
    static let releases: [Release] = ContainerdDaemon.programs.map {
        Release(folder: $0.contains("/") ? FilePath($0).removingLastComponent() : "/usr/bin")
    }

    /// Whether one can be run here; it mounts, so it takes root.
    static let isUsable = ContainerdDaemon.isUsable && exists("/usr/bin/unshare")
    static let reason: Comment = "needs root, containerd and unshare"

    let release: Release
    let folder: FilePath
    var socket: FilePath { folder.appending("containerd.sock") }
    var log: FilePath { folder.appending("log") }
    private var pidFile: FilePath { folder.appending("pid") }

    private static let plugins = ["grpc.v1.cri", "cri.v1.images", "cri.v1.runtime"]
        .map { "\"io.containerd.\($0)\"" }.joined(separator: ", ")
    private static let script = """
        PATH="$0:$PATH"
        (while :; do
            "$0"/containerd --config "$1/config.toml" >>"$1/log" 2>&1 & echo $! >"$1/pid.new"
            mv "$1/pid.new" "$1/pid"
            wait $!
        done) & loop=$!
        cat >/dev/null
        kill -9 $loop; kill -9 $(cat "$1/pid"); wait
        """

    /// Starts a containerd, runs `body` and stops it for certain, whatever becomes of this process.
    ///
    /// Without `cri` nobody but the test changes images; with it, CRI labels every image that has no label of its own.
    /// Without `collects` garbage is collected when somebody waits for it and hardly ever else: not after a hundred
    /// changes, and not a second after a deletion.
    static func with<Value: Sendable>(
        _ release: Release, cri: Bool = false, collects: Bool = true, body: (PrivateContainerd) async throws -> Value
    ) async throws -> Value {
        let folder = TemporaryDirectory()
        let containerd = PrivateContainerd(release: release, folder: folder.path)
        let settings = """
            version = 2
            disabled_plugins = [\(cri ? "" : plugins)]
            root = "\(folder.path)/root"
            state = "\(folder.path)/state"
            [grpc]
              address = "\(containerd.socket)"
            [ttrpc]
              address = "\(containerd.socket).ttrpc"
            [plugins."io.containerd.internal.v1.opt"]
              path = "\(folder.path)/opt"
            [plugins."io.containerd.nri.v1.nri"]
              disable = true
            [plugins."io.containerd.gc.v1.scheduler"]
              mutation_threshold = \(collects ? 100 : 1_000_000)
              pause_threshold = \(collects ? "0.02" : "0.000001")

            """
        try write(settings.utf8, to: folder.file("config.toml"))
        let result = try await Subprocess.run(
            .path("/usr/bin/unshare"),
            arguments: [
                "--mount", "--net", "/bin/sh", "-c", script, release.folder.string, folder.path.string,
            ], input: .inputWriter, output: .discarded, error: .discarded
        ) { _ in
            // An error that left here would have the shell killed, and leave containerd running.
            do {
                try await containerd.answers()
                return Result<Value, any Error>.success(try await body(containerd))
            } catch {
                return .failure(error)
            }
        }
        return try result.closureResult.get()
    }

    /// Waits until containerd answers; throws after half a minute.
    func answers() async throws {
        for _ in 0..<1500 {
            if (try? await ctr(["version"])) != nil { return }  // not yet
            try await Task.sleep(for: .milliseconds(20))
        }
        throw NeverStarted(log: log.string)
    }

    struct NeverStarted: Error {
        let log: String
    }

    /// Kills containerd as a crash would; it is started again.
    func crash() throws {
        let text = String(decoding: try contents(of: pidFile), as: UTF8.self)
        guard let pid = pid_t(text.filter { $0.isNumber }), kill(pid, SIGKILL) == 0 else { throw Errno.noSuchProcess }
    }

    /// Runs `ctr` in the namespace of Kubernetes and returns what it printed; throws where it fails.
    @discardableResult
    func ctr(_ arguments: [String]) async throws -> String {
        let result = try await Subprocess.run(
            .path(release.folder.appending("ctr")),
            arguments: Arguments(["-a", socket.string, "-n", "k8s.io"] + arguments),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw Failed(arguments: arguments, message: result.standardError)
        }
        return result.standardOutput
    }

    /// The words of each line that `ctr` printed.
    func lines(_ arguments: [String]) async throws -> [String] {
        try await ctr(arguments).split(separator: "\n").map { String($0) }
    }

    struct Failed: Error {
        let arguments: [String]
        let message: String
    }
}
