internal import BundleFormat
internal import Cluster
internal import SystemPackage
internal import Threads

extension Installation {
    /// The steps for a host as it stands.
    ///
    /// Images come as early as there is a containerd: an upgrade imports them while the old platform runs, and looks
    /// again when the new one does.
    func steps(_ context: InstallContext, replacing old: (label: String, kubernetes: String?)?) throws -> [Step] {
        let images = ImageSteps(context: context)
        if context.record.current.isWorker { return try workerSteps(context, images, replacing: old?.label) }
        let stages = StageSteps(context: context)
        var steps = [images.files]
        if old != nil { steps.append(images.preparing) }
        if let k0s = context.k0s, let kubernetes = context.bundle.description.kubernetes {
            let host = try K0sSteps(context, k0s, kubernetes)
            if let old { steps += [host.running, images.importing, backup(context, k0s, old.label)] }
            steps += host.steps
        }
        steps.append(images.importing)
        if context.k0s != nil { steps.append(stages.node) }
        steps += try context.bundle.description.stages.map { try stages.stage($0) }
        if let old {
            steps += [stages.pruning, images.inventory, images.retiring(old.label)]
        } else {
            steps.append(images.inventory)
        }
        return steps + [stages.validity]
    }

    /// The steps for a worker: what the platform is, its controller knows; here it is k0s and the images.
    private func workerSteps(
        _ context: InstallContext, _ images: ImageSteps, replacing old: String?
    ) throws -> [Step] {
        guard let k0s = context.k0s, let kubernetes = context.bundle.description.kubernetes else { return [] }
        let host = try K0sSteps(context, k0s, kubernetes)
        var steps = [images.files]
        if old != nil { steps += [images.preparing, host.running, images.importing] }
        steps += host.steps + [images.importing]
        if let token = context.options.token { steps.append(host.joined(token)) }
        steps.append(images.inventory)
        return old.map { steps + [images.retiring($0)] } ?? steps
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
