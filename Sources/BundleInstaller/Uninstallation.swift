internal import BundleFormat
internal import Cluster
internal import Glibc
internal import NodeImages
internal import OCI
internal import SystemPackage

/// Takes away what an installation put onto this host, finished or not, and nothing else.
///
/// Data stays, and with it the values that were generated for it, unless the operator says otherwise. Running again
/// goes on where the last run ended.
package struct Uninstallation: Sendable {
    private let platform: InstalledPlatform
    private let deletesData: Bool

    /// Takes what is installed; `deletesData` also deletes the folders of the platform's volumes.
    package init(of platform: InstalledPlatform, deletesData: Bool) {
        self.platform = platform
        self.deletesData = deletesData
    }

    /// What a run would take away, one line each.
    package var plan: [String] {
        let record = platform.record
        var lines: [String] = []
        if record.kubernetes != nil {
            lines += ["k0s \(record.kubernetes ?? ""): its service, containers and \(platform.k0sPaths.data)"]
            lines += ["\(platform.k0sPaths.binary), \(platform.k0sPaths.configuration)"]
        } else {
            lines += ["\(objects.count) objects in Kubernetes", "the images of \(label) in containerd"]
        }
        if record.hasDummyRoute { lines.append("the interface \(DummyRoute.interface)") }
        lines += record.dataPaths.map { deletesData ? "DATA in \($0)" : "(data in \($0) stays)" }
        lines.append("\(platform.paths.state)" + (deletesData ? "" : ", but for \(platform.paths.parameters)"))
        return lines
    }

    /// Takes it away.
    package func run(report: @escaping @Sendable (InstallEvent) -> Void) async throws {
        let lock = try InstallLock(at: platform.paths.lock)
        let journal = try Journal(at: platform.paths.journal)
        var start = JournalEntry(.started)
        start.command = JournalEntry.uninstall
        start.bundle = label
        start.index = platform.record.index
        try journal.append(start)
        try await StepRunner(journal: journal, report: report).run(steps(report)) { error in
            let cluster = error as? ClusterError
            return ((error as? InstallError).map { "\($0)" } ?? "\(error)", cluster?.hint)
        }
        try forget()
        withExtendedLifetime(lock) {}
    }

    private var label: String { "\(platform.record.bundle)-\(platform.record.version)" }

    /// What was applied, last first; what holds data only when data goes.
    private var objects: [ObjectReference] {
        platform.record.objects.reversed().flatMap { ($0.earlier ?? []).reversed() + $0.objects.reversed() }
            .filter { deletesData || !$0.holdsData }
    }

    private func steps(_ report: @escaping @Sendable (InstallEvent) -> Void) -> [Step] {
        var steps: [Step] = []
        if let k0s = platform.k0s {
            steps += [stop(k0s), reset(k0s), files(k0s)]
        } else {
            steps += [applied, images(report)]
        }
        if platform.record.hasDummyRoute {
            steps.append(step("dummy-route", "take the dummy interface away") { try await DummyRoute().remove() })
        }
        if deletesData { steps.append(data(report)) }
        return steps
    }

    /// Each is repeated: what is gone already costs nothing.
    private func step(_ name: String, _ title: String, _ perform: @escaping @Sendable () async throws -> Void) -> Step {
        Step("uninstall-\(name)", title: title, inputs: [label], isRepeated: true, perform: perform)
    }

    private func stop(_ k0s: K0s) -> Step {
        step("stop", "stop k0s") {
            guard k0s.installedRole() != nil else { return }
            _ = try await k0s.stop()
            try await k0s.waitUntilStopped(timeout: .seconds(180))
        }
    }

    private func reset(_ k0s: K0s) -> Step {
        step("reset", "remove k0s' containers and data") {
            // Without the program there is nothing that it could have made, or it was removed after it had reset.
            guard access(k0s.paths.binary.string, X_OK) == 0 else { return }
            try await k0s.reset()
        }
    }

    private func files(_ k0s: K0s) -> Step {
        step("files", "remove k0s' program and configuration") {
            let folder = k0s.paths.configuration.removingLastComponent()
            let runtime = folder.appending("containerd.toml")
            if try StateFile.read(runtime)?.starts(with: "# k0s_managed=true".utf8) == true {
                try StateFile.remove(runtime)
            }
            for path in [k0s.paths.configuration, k0s.paths.resolvConf, k0s.paths.binary] {
                try StateFile.remove(path)
            }
            // Only where nothing of anybody else's is in them.
            for path in [folder.appending("containerd.d"), folder] { rmdir(path.string) }
        }
    }

    private var applied: Step {
        step("objects", "delete what was applied") {
            try await platform.kubectl.delete(objects, wait: .seconds(300))
        }
    }

    private func images(_ report: @escaping @Sendable (InstallEvent) -> Void) -> Step {
        step("images", "let go of the images") {
            try await ImageRemoval.plan(of: label, on: platform.node).run(on: platform.node) { item in
                report(.doing(step: "uninstall-images", what: "\(item.change.rawValue) \(item.name)"))
            }
        }
    }

    private func data(_ report: @escaping @Sendable (InstallEvent) -> Void) -> Step {
        step("data", "delete the platform's data") {
            try DataFolders(platform.record.dataPaths).delete { path, reason in
                report(.warning("\(path) is left alone: \(reason)"))
            }
        }
    }

    /// Removes our own state; the record goes last but for the folder, so that a run that was cut off can be repeated.
    private func forget() throws {
        let paths = platform.paths
        for tree in [paths.bundle, paths.files] + (deletesData ? [paths.backups] : []) {
            try DataFolders.Tree(removing: tree)
        }
        if deletesData { try StateFile.remove(paths.parameters) }
        DurableFile.removeRemains(of: paths.parameters)
        try StateFile.remove(paths.journal)
        try StateFile.remove(paths.record)
        rmdir(paths.state.string)
    }
}

extension DataFolders.Tree {
    /// Deletes a folder of our own; one that is not there is fine.
    @discardableResult
    init(removing path: FilePath) throws {
        var status = stat()
        self.init(device: lstat(path.string, &status) == 0 ? status.st_dev : 0)
        if status.st_mode & S_IFMT == S_IFDIR { try delete(path) }
    }
}
