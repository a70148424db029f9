internal import BundleFormat
internal import Cluster
internal import SystemPackage
internal import Threads

extension Installation {
    /// The steps for a host as it stands.
    ///
    /// Images come as early as there is a containerd: an upgrade imports them while the old platform runs and before it
    /// changes anything, and looks again when the new one does.
    func steps(_ context: InstallContext, replacing old: (label: String, kubernetes: String?)?) throws -> [Step] {
        let images = ImageSteps(context: context)
        if context.record.current.isWorker { return try workerSteps(context, images, replacing: old?.label) }
        let stages = StageSteps(context: context)
        let files = FileSteps(context: context).files
        var steps: [Step] = []
        if let k0s = context.k0s, let kubernetes = context.bundle.description.kubernetes {
            let host = try K0sSteps(context, k0s, kubernetes)
            if let old { steps += [host.running, images.importing, backup(context, k0s, old.label)] }
            steps += [files] + host.steps + [images.importing, stages.node]
        } else {
            steps += [images.importing, files]
        }
        steps += try context.bundle.description.stages.map { try stages.stage($0) }
        if !context.record.current.objects.isEmpty { steps.append(stages.pruning) }
        steps.append(images.inventory)
        if let old { steps.append(images.retiring(old.label)) }
        return steps + [stages.validity]
    }

    /// The steps for a worker: what the platform is, its controller knows; here it is k0s and the images.
    private func workerSteps(
        _ context: InstallContext, _ images: ImageSteps, replacing old: String?
    ) throws -> [Step] {
        guard let k0s = context.k0s, let kubernetes = context.bundle.description.kubernetes else { return [] }
        let host = try K0sSteps(context, k0s, kubernetes)
        var steps = old == nil ? [] : [host.running, images.importing]
        steps += [FileSteps(context: context).files] + host.steps + [images.importing]
        if let token = context.options.token { steps.append(host.joined(token)) }
        steps.append(images.inventory)
        return old.map { steps + [images.retiring($0)] } ?? steps
    }

    /// Starts a k0s that doesn't run, which an upgrade needs; one that can't be started is told before an upgrade is
    /// begun, which would bind the host to the new bundle.
    func wake(_ context: InstallContext, for old: String) async throws {
        guard let k0s = context.k0s, let kubernetes = context.bundle.description.kubernetes else { return }
        do {
            try await K0sSteps(context, k0s, kubernetes).wake()
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            let explanation = Explanation(error)
            let verb = context.record.current.isWorker ? "join" : "install"
            let remedy = "an upgrade needs k0s running, and nothing was changed: 'sealift-installer \(verb)' of \(old) "
            throw InstallError.step(
                name: K0sSteps.runningStep, reason: explanation.reason,
                hint: (explanation.hint.map { "\($0); " } ?? "") + remedy + "mends it", cause: explanation.cause)
        }
    }

    /// Saves what k0s knows before an upgrade touches it, and the program that it was.
    private func backup(_ context: InstallContext, _ k0s: K0s, _ old: String) -> Step {
        Step("backup", title: "back up \(old)", inputs: [old, context.bundleDigest]) {
            try StateFile.makeFolder(context.paths.backups, mode: .ownerReadWriteExecute)
            let saved = try await k0s.backup(to: context.paths.backups)
            let program = context.paths.backups.appending("k0s-\(old)")
            try await onThread("backup") {
                try StateFile.copy(k0s.paths.binary, to: program, mode: FilePermissions(rawValue: 0o755))
            }
            context.report(.doing(step: "backup", what: "\(saved)"))
        }
    }
}
