package import BundleFormat
package import Cluster
internal import Glibc
internal import NodeImages
internal import OCI
internal import Preflight
internal import SystemPackage

/// Installs a bundle on this host, or puts a newer one in the place of one that is installed.
///
/// Everything up to the first step only looks: a bundle that is damaged or for another host changes nothing. From then
/// on every step is journalled, and running again goes on where the last run ended, however it ended.
package struct Installation: Sendable {
    /// Whether there was something before.
    package enum Kind: String, Sendable {
        case install, upgrade
        /// As a worker of a cluster whose controller is elsewhere.
        case join
    }

    /// A step, and whether an earlier run has done it and nothing of it is gone.
    package struct PlannedStep: Hashable, Sendable, Codable {
        package var step: String
        package var title: String
        package var isDone: Bool
    }

    private let kind: Kind
    private let bundle: BundleReader
    private let files: BundleFiles
    private let options: InstallOptions
    private let paths: InstallerPaths
    private let k0sPaths: K0sPaths

    /// Takes an opened bundle; throws where it can't be installed on any host.
    package init(
        _ kind: Kind, of bundle: BundleReader, options: InstallOptions, paths: InstallerPaths = .host,
        k0sPaths: K0sPaths = K0sPaths()
    ) throws {
        self.kind = kind
        self.bundle = bundle
        self.options = options
        self.paths = paths
        self.k0sPaths = k0sPaths
        files = BundleFiles(of: bundle)
    }

    /// What a run would do now; nothing is changed.
    package func plan() async throws -> [PlannedStep] {
        let entries = try Journal.read(paths.journal)
        let old = try InstalledRecord.read(paths.record)
        let standing = try standing(old, entries)
        let proof = try ArchiveProof(of: bundle)
        let (context, _) = try context(after: old, waived: []) { _ in }
        var planned: [PlannedStep] = []
        for step in try steps(context, replacing: standing.replaced) {
            planned.append(
                PlannedStep(step: step.name, title: step.title, isDone: try await step.isDone(by: entries)))
        }
        let isProven = entries.isFinished(ArchiveProof.step, inputs: proof.inputs)
        let base = try base(old).map { base in
            PlannedStep(step: BaseProof.step, title: base.title, isDone: isFound(base, old, entries))
        }
        return [
            base, PlannedStep(step: "preflight", title: "look at this host", isDone: false),
            PlannedStep(step: ArchiveProof.step, title: ArchiveProof.title, isDone: isProven),
        ].compactMap { $0 } + planned
    }

    /// Installs; returns what the operator wants to know at the end.
    package func run(report: @escaping @Sendable (InstallEvent) -> Void) async throws -> InstallSummary {
        let lock = try InstallLock(at: paths.lock)
        let entries = try Journal.read(paths.journal)
        let old = try InstalledRecord.read(paths.record)
        let standing = try standing(old, entries)
        // Nothing to look for in a bundle that has everything, nor a second time.
        let base = try base(old).flatMap { isFound($0, old, entries) ? nil : $0 }
        try await base?.findProgram()
        let wakes = standing.replaced != nil && entries.unfinished == nil
        // What is in a containerd that doesn't run can be looked for only once k0s was woken.
        let sleeps = wakes && base != nil ? await isAsleep() : false
        if !sleeps { try await base?.findImages() }
        let waived = try await lookAtHost(report)
        let (context, parameters) = try context(after: old, waived: waived, report: report)
        let steps = try steps(context, replacing: standing.replaced)
        let proof = try ArchiveProof(of: bundle)
        let isProven = entries.isFinished(ArchiveProof.step, inputs: proof.inputs)
        if isProven {
            report(.kept(step: ArchiveProof.step))
        } else {
            try await proof.run(workers: options.workers, count: steps.count + 1, report: report)
        }

        if let old = standing.replaced?.label, wakes { try await wake(context, for: old) }
        if sleeps { try await base?.findImages() }

        // From here on the host is changed.
        try StateFile.makeFolder(paths.state, mode: .ownerReadWriteExecute)
        let journal = try Journal(at: paths.journal)
        try journal.append(start(waived))
        if !isProven { try journal.append(JournalEntry(.finished, step: ArchiveProof.step, inputs: proof.inputs)) }
        if let base { try journal.append(JournalEntry(.finished, step: BaseProof.step, inputs: base.inputs)) }
        if !context.record.current.isWorker { try parameters.keep(at: paths.parameters) }
        try context.record.update()
        _ = try KeptBundle(keeping: files, of: bundle.description, in: paths.bundle)
        try await StepRunner(journal: journal, secrets: context.secrets, report: report).run(steps, from: 2)
        try context.record.update { record in
            record.version = bundle.description.version
            record.index = bundle.index.descriptor.digest
            record.signedBy = bundle.signature.fingerprint
            record.kubernetes = bundle.description.kubernetes?.version
        }
        try journal.append(JournalEntry(.completed))
        withExtendedLifetime(lock) {}
        return await InstallSummary(of: context, parameters: parameters)
    }

    private func standing(_ old: InstalledRecord?, _ entries: [JournalEntry]) throws(InstallError) -> Standing {
        try Standing(
            kind, of: bundle.description, index: bundle.index.descriptor.digest, record: old, entries: entries,
            allowsDowngrade: options.allowsDowngrade)
    }

    /// Everything that steps work with; nothing is written yet.
    private func context(
        after old: InstalledRecord?, waived: [String], report: @escaping @Sendable (InstallEvent) -> Void
    ) throws -> (InstallContext, Parameters) {
        guard bundle.description.platforms.contains(.current) else {
            throw InstallError.wrongPlatform(bundle: bundle.description.platforms, host: .current)
        }
        // A cluster for one node keeps its objects in another datastore, and has no way for others to join.
        if let old, options.isMultiNode, !old.isMultiNode { throw InstallError.settled(what: "--multi-node") }
        let address = options.nodeAddress ?? old?.nodeAddress ?? hostAddress()
        try settle(old)
        // A worker applies nothing, and so has nothing to choose.
        let parameters =
            try kind == .join || old?.isWorker == true
            ? .none
            : Parameters(
                of: bundle.description, profile: options.profile, overrides: options.overrides,
                keptAt: paths.parameters, nodeAddress: address, nodeName: NodeName.current)
        let node = try node(old)
        let record = record(old, address: address, node: node, waived: waived)
        let secrets = options.token.map { Secrets([$0.text, $0.secret]) } ?? parameters.secrets
        let context = InstallContext(
            bundle: bundle, files: files,
            expansion: try ParameterExpansion(
                parameters: bundle.description.parameters, values: parameters.values),
            options: options, paths: paths, k0s: k0s, kubectl: k0s?.kubectl ?? record.kubectl(paths), node: node,
            record: RecordKeeper(record, at: paths.record), secrets: secrets,
            report: { report($0.without(secrets)) })
        return (context, parameters)
    }

    /// Throws where a worker can't join, or has joined another cluster.
    private func settle(_ old: InstalledRecord?) throws(InstallError) {
        guard kind == .join else { return }
        guard bundle.description.kubernetes != nil else {
            throw .artifact(path: bundle.path, reason: "it brings no Kubernetes that could join another")
        }
        guard let server = old?.joined, let token = options.token, token.server != server else { return }
        // Before it has joined, the token may have been a wrong one.
        if access(k0sPaths.kubeletConf.string, F_OK) == 0 { throw .settled(what: "the cluster, \(server),") }
    }

    private func start(_ waived: [String]) -> JournalEntry {
        var entry = JournalEntry(.started)
        entry.command = kind.rawValue
        entry.bundle = bundle.label
        entry.index = bundle.index.descriptor.digest
        entry.signedBy = bundle.signature.fingerprint
        entry.waived = waived.isEmpty ? nil : waived
        return entry
    }

    /// Preflight; returns what was waived, and throws where this host won't do.
    private func lookAtHost(_ report: @Sendable (InstallEvent) -> Void) async throws -> [String] {
        let result = try await HostPreflight(bundle, options, paths: paths, k0sPaths: k0sPaths).run()
        report(.looked(result))
        guard result.isPassing else {
            throw InstallError.preflight(failed: result.failures.map(\.name.rawValue))
        }
        return result.waived.map(\.rawValue)
    }

    /// The address by which the node will be known; `nil` where it has none.
    private func hostAddress() -> String? {
        switch NodeAddress.select(on: .current, requested: nil) {
        case .chosen(let address, _): address.description
        case .malformed, .notLocal, .none: options.addsDummyRoute ? DummyRoute.address : nil
        }
    }

    private func base(_ old: InstalledRecord?) throws -> BaseProof? {
        let isFirst = old == nil && bundle.description.kubernetes != nil
        return BaseProof(of: bundle, on: isFirst ? nil : try node(old), program: k0sPaths.binary)
    }

    /// Whether the search was done for what is installed, or being installed. That of an earlier installation tells
    /// nothing: a bundle that came between may have let go of what it found.
    private func isFound(_ base: BaseProof, _ old: InstalledRecord?, _ entries: [JournalEntry]) -> Bool {
        entries.isFinished(BaseProof.step, inputs: base.inputs)
            && (entries.unfinished != nil || old?.index == bundle.index.descriptor.digest)
    }

    private var k0s: K0s? { bundle.description.kubernetes == nil ? nil : K0s(paths: k0sPaths) }

    /// Whether there is a k0s here that doesn't answer.
    private func isAsleep() async -> Bool {
        guard let k0s else { return false }
        return (try? await k0s.status()) == nil
    }

    private func node(_ old: InstalledRecord?) throws -> NodeOptions {
        if bundle.description.kubernetes != nil { return NodeOptions(socket: k0sPaths.containerdSocket) }
        guard let node = options.node ?? old?.node else {
            throw InstallError.artifact(
                path: bundle.path, reason: "it brings no Kubernetes; name the node's containerd with --address")
        }
        return node
    }

    private func record(
        _ old: InstalledRecord?, address: String?, node: NodeOptions, waived: [String]
    ) -> InstalledRecord {
        InstalledRecord(
            bundle: old?.bundle ?? bundle.description.name, version: old?.version ?? bundle.description.version,
            index: old?.index ?? bundle.index.descriptor.digest,
            signedBy: old == nil ? bundle.signature.fingerprint : old?.signedBy,
            kubernetes: old == nil ? bundle.description.kubernetes?.version : old?.kubernetes,
            isMultiNode: options.isMultiNode || old?.isMultiNode == true, nodeAddress: address,
            joined: options.token?.server ?? old?.joined,
            hasDummyRoute: old?.hasDummyRoute ?? false, kubeconfig: options.kubeconfig?.string ?? old?.kubeconfig,
            kubectl: options.kubectl?.string ?? old?.kubectl,
            socket: node.socket.string, namespace: node.namespace, snapshotter: node.snapshotter,
            objects: old?.objects ?? [],
            files: old?.files, dataPaths: old?.dataPaths ?? [], waived: Set(waived + (old?.waived ?? [])).sorted(),
            settings: old?.settings)
    }
}
