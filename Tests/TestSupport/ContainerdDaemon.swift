internal import FoundationEssentials
internal import Glibc
internal import Subprocess
package import SystemPackage

/// A containerd with folders of its own, for the time of a closure. Needs root.
package enum ContainerdDaemon {
    /// The containerds to test against: those of `$SEALIFT_CONTAINERDS`, a list of absolute paths of executables with
    /// `:` between them; without it, Debian's.
    package static let programs: [String] = {
        let named = (ProcessInfo.processInfo.environment["SEALIFT_CONTAINERDS"] ?? "").split(separator: ":")
        guard named.isEmpty else { return named.map(String.init) }
        return folders.contains { exists($0.appending("containerd")) } ? ["containerd"] : []
    }()

    /// Whether this process may run a containerd, and there is one.
    package static let isUsable =
        geteuid() == 0 && !programs.isEmpty && folders.contains { exists($0.appending("setpriv")) }

    private static let folders: [FilePath] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"]

    /// containerd ended or said nothing; `log` is the end of what it wrote.
    package struct NeverStarted: Error {
        package let program: String
        package let log: String
    }

    /// Starts `program`, a name on the path or an absolute path; runs `body` with the path of containerd's socket once
    /// it listens there; then kills it and removes its mounts and files.
    ///
    /// Certain to end: the shell that starts it does all that when its input closes, which the kernel sees to should
    /// this process be killed, and the kernel kills containerd with the shell.
    package static func with<Value: Sendable>(
        program: String = "containerd", body: (FilePath) async throws -> Value
    ) async throws -> Value {
        let directory = TemporaryDirectory()
        let folder = directory.path
        let socket = folder.appending("socket")
        try write(configuration(in: folder).utf8, to: folder.appending("config.toml"))
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", script, "bash", folder.string, program], input: .inputWriter,
            output: .discarded, error: .discarded
        ) { _ in
            for _ in 0..<3000 where !TestSocket.answers(socket) { try await Task.sleep(for: .milliseconds(10)) }
            guard TestSocket.answers(socket) else {
                let log = String(decoding: try contents(of: folder.appending("log")), as: UTF8.self)
                throw NeverStarted(program: program, log: String(log.suffix(2000)))
            }
            return try await body(socket)
        }
        return result.closureResult
    }

    /// Without NRI, whose socket stands in `/var/run` whatever the rest: of two containerds 2.x that start at once, one
    /// would find it taken.
    private static func configuration(in folder: FilePath) -> String {
        """
        version = 2
        root = "\(folder)/root"
        state = "\(folder)/state"
        [grpc]
          address = "\(folder)/socket"
        [ttrpc]
          address = "\(folder)/socket.ttrpc"
        [plugins."io.containerd.internal.v1.opt"]
          path = "\(folder)/opt"
        [plugins."io.containerd.nri.v1.nri"]
          disable = true

        """
    }

    private static let script = """
        set -u
        folder=$1
        # Programs that happen to be here and that it would hand its layers to; some take what it refuses itself.
        export CONTAINERD_DISABLE_PIGZ=1 CONTAINERD_DISABLE_IGZIP=1
        setpriv --pdeathsig KILL "$2" --config "$folder/config.toml" >"$folder/log" 2>&1 &
        daemon=$!
        cat >/dev/null
        kill -9 "$daemon"
        wait "$daemon" 2>/dev/null
        grep -o " $folder/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l
        # Where whoever should remove it was killed, nobody else does.
        rm -rf "$folder"
        """
}
