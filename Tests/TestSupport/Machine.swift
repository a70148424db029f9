internal import FoundationEssentials
internal import Glibc
internal import Subprocess
package import SystemPackage

/// A fresh Debian machine with systemd and without a network, on which a script runs as root; see `scripts/machine`.
package struct Machine: Sendable {
    private let program: FilePath

    /// In namespaces of this host: starts in a second, shares its kernel.
    package static let namespaces = Machine(program: "machine")
    /// In QEMU: its own kernel and disks, cgroup version 2, and all of it several times slower.
    package static let virtual = Machine(program: "vm")

    private init(program: FilePath.Component) {
        self.program = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
            .removingLastComponent().appending("scripts").appending(program)
    }

    /// Whether machines of both kinds can be had here; `need` says what that takes.
    package static let isAvailable =
        geteuid() == 0 && exists(base.appending("etc/debian_version"))
        && ["systemd-nspawn", "qemu-system-x86_64"].allSatisfy(Program.isInstalled)

    /// What to say where there is none.
    package static let need = "needs root, systemd-nspawn, QEMU, and $SEALIFT_MACHINE_BASE as scripts/test sets it"

    private static let base = FilePath(ProcessInfo.processInfo.environment["SEALIFT_MACHINE_BASE"] ?? "/nonexistent")

    /// Runs `script` with bash on a machine of its own, which is gone when this returns, throws, or is cancelled.
    ///
    /// - Parameters:
    ///   - script: for bash; what it writes to either output is kept.
    ///   - data: a folder that the machine has, read-only, as `/data`.
    ///   - copies: files and folders that are copied into the machine, by the path that they get there.
    ///   - disk: a folder that keeps the machine's disk, for one that is started again.
    ///   - shared: a folder that the machine has, writable, as `/shared`.
    ///   - network: one end of a ``MachineNetwork``; without it the machine has loopback only.
    ///   - timeout: after which the machine is killed.
    /// - Returns: the script's exit status, or 124 after the timeout, 137 where the machine went down before the script
    ///   ended, 125 where it did not come up; and all that the script printed, in order, then what was wrong with the
    ///   machine.
    /// - Throws: where no machine can be started at all.
    package func run(
        script: String, data: FilePath, copies: [String: FilePath] = [:], disk: FilePath? = nil,
        shared: FilePath? = nil, network: String? = nil, timeout: Duration = .seconds(300)
    ) async throws -> (status: Int, output: String) {
        var arguments = ["--data", data.string, "--timeout", "\(max(1, timeout.components.seconds))"]
        for (path, source) in copies.sorted(by: { $0.key < $1.key }) { arguments += ["--copy", "\(source):\(path)"] }
        if let shared { arguments += ["--bind", "\(shared):/shared"] }
        if let network { arguments += ["--network", network] }
        if let disk { arguments += ["--root-dir", disk.string] }
        let result = try await Subprocess.run(
            .path(program), arguments: Arguments(arguments + ["--", "bash", "-c", "exec 2>&1\n" + script]),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        let status =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        return (status, result.standardOutput + result.standardError)
    }
}
