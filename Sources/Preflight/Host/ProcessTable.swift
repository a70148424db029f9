/// The processes of the host: `/proc/PID` (proc(5)).
struct ProcessTable: Sendable {
    struct Process: Hashable, Sendable {
        let id: Int
        /// The first 15 bytes of the executable's or script's name.
        let name: String
        /// The executable's path; `nil` for kernel threads, and for others' processes unless root looks.
        let executable: String?
    }

    let processes: [Process]
    private let host: Host

    init(of host: Host) {
        self.host = host
        processes = host.names(in: "/proc").compactMap { Int($0) }.sorted().compactMap { id in
            // A process may be gone by the time that it is looked at.
            guard let name = host.word("/proc/\(id)/comm") else { return nil }
            return Process(id: id, name: name, executable: host.link("/proc/\(id)/exe"))
        }
    }

    subscript(name: String) -> Process? { processes.first { $0.name == name } }

    /// The process that holds the socket of `inode`.
    func owner(ofSocket inode: UInt64) -> Process? {
        let wanted = "socket:[\(inode)]"
        return processes.first { process in
            let folder = "/proc/\(process.id)/fd"
            return host.names(in: folder).contains { host.link("\(folder)/\($0)") == wanted }
        }
    }

    /// Whether a process belongs to the Kubernetes in `dataDirectory`: runs one of its executables, in its service, or
    /// in a pod.
    func isKubernetes(_ process: Process, dataDirectory: String) -> Bool {
        if let executable = process.executable {
            if executable.hasPrefix(dataDirectory + "/bin/") || executable.hasSuffix("/k0s") { return true }
            // While an upgrade is under way the running file has been replaced.
            if executable.hasSuffix("/k0s (deleted)") { return true }
        }
        let group = host.text("/proc/\(process.id)/cgroup") ?? ""
        return ["kubepods", "k0scontroller", "k0sworker"].contains { group.contains($0) }
    }
}
