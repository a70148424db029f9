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
    /// How the journal knows it.
    static let command = "uninstall"

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
            lines += ["\(objects.count) objects in Kubernetes", "the images of \(record.label) in containerd"]
        }
        if let joined = record.joined {
            let name = NodeName.current ?? "NAME"
            lines.append("(\(joined) goes on knowing this node: there, 'k0s kubectl delete node \(name)')")
        }
        if record.hasDummyRoute { lines.append("the interface \(DummyRoute.interface)") }
        lines += record.dataPaths.map { deletesData ? "DATA in \($0)" : "(data in \($0) stays)" }
        lines.append(
            "\(platform.paths.state)" + (deletesData || record.isWorker ? "" : ", but for \(platform.paths.parameters)")
        )
        return lines
    }

    /// Takes it away; throws before anything is changed where k0s can't be removed without its program.
    package func run(report: @escaping @Sendable (InstallEvent) -> Void) async throws {
        let lock = try InstallLock(at: platform.paths.lock)
        // Somebody may have thought about the question for long: what counts is what is installed now.
        let current = try InstalledPlatform(paths: platform.paths, k0sPaths: platform.k0sPaths)
        // Values that can't be read are in no manifest either.
        let secrets = (try? Parameters(keptAt: platform.paths.parameters).secrets) ?? Secrets([])
        let uninstallation = Uninstallation(of: current, deletesData: deletesData)
        try await uninstallation.perform { report($0.without(secrets)) }
        withExtendedLifetime(lock) {}
    }

    private func perform(report: @escaping @Sendable (InstallEvent) -> Void) async throws {
        let entries = try Journal.read(platform.paths.journal)
        if let k0s = platform.k0s, entries.unfinished?.command != Self.command { try mustHaveProgram(k0s) }
        let journal = try Journal(at: platform.paths.journal)
        var start = JournalEntry(.started)
        start.command = Self.command
        start.bundle = platform.record.label
        start.index = platform.record.index
        try journal.append(start)
        try await StepRunner(journal: journal, report: report).run(steps(entries.bundles, report))
        try forget()
    }

    /// Without its program k0s neither stops nor takes its containers, mounts and network rules away.
    private func mustHaveProgram(_ k0s: K0s) throws {
        guard access(k0s.paths.binary.string, X_OK) != 0 else { return }
        guard k0s.installedRole() != nil || access(k0s.paths.data.appending("pki").string, F_OK) == 0 else { return }
        throw InstallError.step(
            name: "uninstall-stop", reason: "\(k0s.paths.binary) is not there, and only it can take k0s away",
            hint: "bring it back with 'sealift-installer install' of \(platform.record.label), then uninstall")
    }

    /// What was applied, last first; what holds data only when data goes.
    private var objects: [ObjectReference] {
        platform.record.objects.reversed().flatMap { ($0.earlier ?? []).reversed() + $0.objects.reversed() }
            .filter { deletesData || !$0.holdsData }
    }

    private func steps(
        _ bundles: Set<String>, _ report: @escaping @Sendable (InstallEvent) -> Void
    ) -> [Step] {
        var steps: [Step] = []
        if let k0s = platform.k0s {
            steps += [stop(k0s), reset(k0s), files(k0s, report)]
        } else {
            // An upgrade that stopped half-way has brought images of its own.
            steps += [applied, images(bundles.union([platform.record.label]).sorted(), report)]
        }
        if platform.record.hasDummyRoute {
            steps.append(step("dummy-route", "take the dummy interface away") { try await DummyRoute().remove() })
        }
        if deletesData { steps.append(data(report)) }
        return steps
    }

    /// Each is repeated: what is gone already costs nothing.
    private func step(_ name: String, _ title: String, _ perform: @escaping @Sendable () async throws -> Void) -> Step {
        Step("uninstall-\(name)", title: title, inputs: [platform.record.label], isRepeated: true, perform: perform)
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
            guard k0s.installedRole() != nil || access(k0s.paths.data.string, F_OK) == 0 else { return }
            try await k0s.reset()
        }
    }

    private func files(_ k0s: K0s, _ report: @escaping @Sendable (InstallEvent) -> Void) -> Step {
        step("files", "remove k0s' program and configuration") {
            let folder = k0s.paths.configuration.removingLastComponent()
            let runtime = folder.appending("containerd.toml")
            if try StateFile.read(runtime)?.starts(with: "# k0s_managed=true".utf8) == true {
                try StateFile.remove(runtime)
            }
            let ours = Set(platform.record.settings ?? [])
            for path in [k0s.paths.configuration, k0s.paths.resolvConf] {
                if try SettingsFile(path: path).isForeign(to: ours) {
                    report(.warning("\(path) is left alone: it is not as this installer wrote it"))
                } else {
                    try StateFile.remove(path)
                }
            }
            for path in [k0s.paths.binary, platform.paths.joinToken] { try StateFile.remove(path) }
            // Only where nothing of anybody else's is in them.
            for path in [folder.appending("containerd.d"), folder] { rmdir(path.string) }
        }
    }

    private var applied: Step {
        step("objects", "delete what was applied") {
            do {
                try await platform.kubectl.delete(objects, wait: .seconds(300))
            } catch {
                throw Self.unreachable(error, "cluster", platform.paths)
            }
        }
    }

    private func images(_ bundles: [String], _ report: @escaping @Sendable (InstallEvent) -> Void) -> Step {
        step("images", "let go of the images") {
            let node = platform.record.node
            do {
                for bundle in bundles {
                    try await ImageRemoval.plan(of: bundle, on: node).run(on: node) { item in
                        report(.doing(step: "uninstall-images", what: "\(item.change.rawValue) \(item.name)"))
                    }
                }
            } catch {
                throw Self.unreachable(error, "containerd", platform.paths)
            }
        }
    }

    /// What to do where the other side is gone for good.
    private static func unreachable(_ error: any Error, _ what: String, _ paths: InstallerPaths) -> InstallError {
        let explanation = Explanation(error)
        let last = "where that \(what) is gone for good, there is nothing to take away: delete \(paths.state)"
        return .step(
            name: command, reason: explanation.reason,
            hint: (explanation.hint.map { "\($0); " } ?? "") + last, cause: error)
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
        for folder in [paths.bundle, paths.files, paths.kubectlCache] + (deletesData ? [paths.backups] : []) {
            try FolderTree(folder).delete()
        }
        if deletesData { try StateFile.remove(paths.parameters) }
        DurableFile.removeRemains(of: paths.parameters)
        try StateFile.remove(paths.journal)
        try StateFile.remove(paths.record)
        try StateFile.syncFolder(of: paths.record)
        if rmdir(paths.state.string) == 0 { try StateFile.syncFolder(of: paths.state) }
    }
}
