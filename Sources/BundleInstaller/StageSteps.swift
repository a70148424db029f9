internal import BundleFormat
internal import Cluster
internal import OCI

/// The steps that put the platform into Kubernetes: each stage applied, waited for and checked before the next.
struct StageSteps: Sendable {
    let context: InstallContext

    /// Waits for the node.
    var node: Step {
        Step("node", title: "wait for the node", inputs: [context.bundleDigest]) {
            try await Readiness(context.kubectl).waitForNodeReady(timeout: context.options.startTimeout) { reason in
                context.report(.waiting(step: "node", blockers: [reason]))
            }
            context.report(.waiting(step: "node", blockers: []))
        }
    }

    /// A stage. Its inputs are the texts as they are applied: a changed value applies the stage again.
    func stage(_ stage: BundleDescription.Stage) throws -> Step {
        let name = "stage-\(stage.name)"
        let manifests = try context.manifests(of: stage)
        let checks = try stage.checks.map { ($0, try context.text($0)) }
        return Step(
            name, title: "stage \(stage.name)", inputs: [manifests] + checks.map(\.1) + ["\(stage.readyTimeout)"]
        ) {
            try await isAsApplied(stage.name, manifests)
        } perform: {
            context.report(.doing(step: name, what: "applying manifests"))
            let applied = try await context.kubectl.apply(Array(manifests.utf8))
            try await remember(applied, of: stage.name)
            context.report(.doing(step: name, what: "waiting for \(applied.count) objects"))
            try await Readiness(context.kubectl).wait(for: applied, timeout: .seconds(stage.readyTimeout)) { blockers in
                context.report(.waiting(step: name, blockers: blockers.map(\.description)))
            }
            for (title, text) in checks {
                context.report(.doing(step: name, what: "checking \(title)"))
                try await check(title, text, timeout: .seconds(stage.readyTimeout))
            }
        }
    }

    /// Whether all that a stage applied is in the cluster as it was applied: somebody may have changed or deleted it, or
    /// an upgrade and a way back.
    private func isAsApplied(_ stage: String, _ manifests: String) async throws -> Bool {
        guard context.record.current.objects.contains(where: { $0.stage == stage }) else { return false }
        var kubectl = context.kubectl
        kubectl.patience = min(kubectl.patience, .seconds(5))
        do throws(ClusterError) {
            // Jobs that have ended may delete themselves.
            let drift = try await kubectl.drift(from: Array(manifests.utf8)).filter { $0.kind != "Job" }
            for object in drift { context.report(.warning("\(object) is not as it was applied")) }
            return drift.isEmpty
        } catch .cancelled {
            throw CancellationError()
        } catch {
            // As where a namespace or a kind is gone: applying mends it, or says what is wrong.
            context.report(.detail(step: "stage-\(stage)", "can't compare: \(error)"))
            return false
        }
    }

    /// Takes away what the bundle of before had and this one has not, or has under another name since a value changed;
    /// data stays.
    var pruning: Step {
        Step("prune", title: "take away what is no more", inputs: [context.bundleDigest], isRepeated: true) {
            let record = context.record.current
            let pruning = record.pruning(keeping: Set(context.bundle.description.stages.map(\.name)))
            context.report(.doing(step: "prune", what: "\(pruning.gone.count) objects"))
            try await context.kubectl.delete(pruning.gone, wait: .seconds(120))
            try context.record.update { $0.objects = pruning.left }
        }
    }

    /// Whether all that was applied is still what the API server would take, and ready: later stages may have broken
    /// earlier ones.
    var validity: Step {
        Step("checks", title: "check everything once more", inputs: [context.bundleDigest], isRepeated: true) {
            for result in try await PlatformCheck(context).resources() where !result.passed {
                throw InstallError.step(
                    name: "checks", reason: "\(result.name): \(result.detail ?? "failed")",
                    hint: "'sealift-installer check' runs every check again")
            }
        }
    }

    private func check(_ title: String, _ text: String, timeout: Duration) async throws {
        let results = try await JobCheck(context.kubectl).run(Array(text.utf8), name: title, timeout: timeout)
        for result in results {
            context.report(
                .checked(
                    name: result.name, layer: result.layer.rawValue, passed: result.passed,
                    detail: result.lastLogLines.last))
        }
        guard let failed = results.first(where: { !$0.passed }) else { return }
        throw InstallError.step(
            name: title, reason: "the check \(failed.name) failed: \(failed.lastLogLines.joined(separator: "; "))",
            hint: "the failed Job is left to be looked at; running again repeats this stage")
    }

    /// Records what a stage applied, and where the data of its volumes will be.
    private func remember(_ applied: [ObjectReference], of stage: String) async throws {
        let volumes = try await context.kubectl.get(applied.filter { $0.kind == "PersistentVolume" })
        let paths = volumes.flatMap { volume in
            [volume["spec"]["hostPath"]["path"].string, volume["spec"]["local"]["path"].string].compactMap(\.self)
        }
        try context.record.update { record in
            record.dataPaths = Set(record.dataPaths + paths).sorted()
            let before = record.objects.first { $0.stage == stage }
            let earlier = ((before?.objects ?? []) + (before?.earlier ?? [])).filter { old in
                !applied.contains { $0.isSame(as: old) }
            }
            record.remember(
                .init(stage: stage, objects: applied, earlier: earlier.isEmpty ? nil : earlier),
                in: context.bundle.description.stages.map(\.name))
        }
    }
}

extension InstallContext {
    /// The manifests of a stage as one stream of documents, with values put in.
    func manifests(of stage: BundleDescription.Stage) throws -> String {
        try stage.manifests.map { try text($0) }.joined(separator: "\n---\n")
    }
}

extension InstalledRecord {
    /// Puts what a stage applied into the place that it has among `stages`; those of earlier bundles come before them.
    mutating func remember(_ applied: StageObjects, in stages: [String]) {
        let all = objects.filter { $0.stage != applied.stage } + [applied]
        objects =
            all.filter { !stages.contains($0.stage) }
            + stages.compactMap { name in all.first { $0.stage == name } }
    }

    /// What goes when only `stages` are left, last applied first, and what is to be recorded after that.
    ///
    /// An object that another stage has now, or that another version of the API serves now, is the same object. What
    /// holds data stays, and stays known: `uninstall --delete-data` takes it away.
    func pruning(keeping stages: Set<String>) -> (gone: [ObjectReference], left: [StageObjects]) {
        let wanted = objects.filter { stages.contains($0.stage) }.flatMap(\.objects)
        func isGone(_ object: ObjectReference) -> Bool { !wanted.contains { $0.isSame(as: object) } }
        let gone = objects.reversed().flatMap { $0.objects.reversed() + ($0.earlier ?? []).reversed() }
            .filter { isGone($0) && !$0.holdsData }
        let left = objects.map { stage in
            let kept = stages.contains(stage.stage) ? stage.objects : []
            let data = (stage.earlier ?? []) + (kept.isEmpty ? stage.objects : [])
            let earlier = data.filter { isGone($0) && $0.holdsData }
            return StageObjects(stage: stage.stage, objects: kept, earlier: earlier.isEmpty ? nil : earlier)
        }
        return (gone, left.filter { stages.contains($0.stage) || $0.earlier != nil })
    }
}

extension ObjectReference {
    /// Whether deleting the object may delete data; such objects are only deleted when the operator says so.
    var holdsData: Bool { ["PersistentVolume", "PersistentVolumeClaim", "Namespace"].contains(kind) }
}
