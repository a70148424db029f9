import SystemPackage
import TestSupport

/// Debian's containerd with folders of its own, for the length of a script.
enum Containerd {
    static let isInstalled = Executables.areInstalled("containerd", "ctr", "runc", "zstd")

    /// For a containerd that keeps everything below `folder`.
    static func configuration(in folder: FilePath) -> String {
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

        """
    }

    /// Runs `script` with a function `ctr` that talks to a fresh containerd; `$1` and so on are `arguments`.
    static func run(in place: Workplace, _ script: String, _ arguments: [String]) async throws -> SealiftRun {
        let folder = place.file("containerd")
        try write(configuration(in: folder).utf8, to: folder.appending("config.toml"))
        let whole = """
            set -euo pipefail
            folder=$1; shift
            # containerd dies with this shell, however that ends.
            setpriv --pdeathsig KILL containerd --config "$folder/config.toml" >"$folder/log" 2>&1 &
            daemon=$!
            finish() {
                kill -9 "$daemon"; wait "$daemon" 2>/dev/null || true
                grep -o " $folder/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l || true
            }
            trap finish EXIT
            ctr() { command ctr --address "$folder/socket" --namespace k8s.io "$@"; }
            for _ in $(seq 300); do ctr version >/dev/null 2>&1 && break; sleep 0.1; done

            """
        return try await place.run(["/bin/bash", "-c", whole + script, "bash", folder.string] + arguments)
    }
}
