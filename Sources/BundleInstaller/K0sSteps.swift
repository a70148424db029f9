internal import BundleFormat
internal import Cluster
internal import FoundationEssentials
internal import OCI
internal import Preflight
internal import SystemPackage
internal import Threads

/// The steps that put the bundle's k0s onto the host and start it.
struct K0sSteps: Sendable {
    let context: InstallContext
    let k0s: K0s
    /// The title of the program in the bundle, and its digest.
    private let binary: (title: String, digest: Digest)
    /// The configuration with its parameters' values put in; `nil`: k0s' own defaults.
    private let configuration: String?
    /// The list of name servers that pods get; `nil`: the host's own.
    let nameServers: FilePath?
    /// The list that is made where the host has none; `nil` where it has one.
    private let ownNameServers: String?

    /// A resolver that never answers (TEST-NET-1, RFC 5737): CoreDNS starts, and names from outside fail.
    private static let noNameServer = """
        # Made by sealift-installer: this host's own list names no server that pods could ask.
        nameserver 192.0.2.1

        """

    init(_ context: InstallContext, _ k0s: K0s, _ kubernetes: BundleDescription.Kubernetes) throws {
        self.context = context
        self.k0s = k0s
        guard let title = kubernetes.binaries[Platform.current.description] else {
            throw InstallError.wrongPlatform(bundle: context.bundle.description.platforms, host: .current)
        }
        binary = (title, try context.files.descriptor(title).digest)
        // A worker's is its controller's.
        configuration = context.record.current.isWorker ? nil : try kubernetes.config.map { try context.text($0) }
        let found = NameServers(of: .current).file
        ownNameServers = found == nil ? Self.noNameServer : nil
        nameServers = found == NameServers.hostFile ? nil : found ?? k0s.paths.resolvConf
    }

    /// All of them, in their order.
    var steps: [Step] {
        // Once made it belongs to the installation, whatever a later run is told.
        let needsRoute = context.options.addsDummyRoute || context.record.current.hasDummyRoute
        return (needsRoute ? [dummyRoute] : []) + [program, settings, service, start]
    }

    private var dummyRoute: Step {
        Step("dummy-route", title: "make an address that leads nowhere", inputs: [DummyRoute.address]) {
            try DummyRoute().isMade()
        } perform: {
            try DummyRoute().mustBePossible()
            try context.record.update { $0.hasDummyRoute = true }
            try await DummyRoute().make()
        }
    }

    var program: Step {
        Step("k0s-program", title: "put k0s in place", inputs: [binary.digest.description]) {
            try await onThread("k0s-program") { try StateFile.digest(of: k0s.paths.binary) == binary.digest }
        } perform: {
            try StateFile.makeFolder(k0s.paths.binary.removingLastComponent())
            try await onThread("k0s-program") {
                // Where the journal is lost; a delta may have no program to put there.
                guard try StateFile.digest(of: k0s.paths.binary) != binary.digest else { return }
                try context.files.extract(
                    binary.title, to: k0s.paths.binary, mode: FilePermissions(rawValue: 0o755))
            }
        }
    }

    var settings: Step {
        let files = [(k0s.paths.configuration, configuration), (k0s.paths.resolvConf, ownNameServers)]
        return Step("k0s-settings", title: "write k0s' configuration", inputs: files.map { $1 ?? "" }) {
            try files.allSatisfy { path, text in
                try text == nil || StateFile.read(path)?.elementsEqual((text ?? "").utf8) == true
            }
        } perform: {
            try StateFile.makeFolder(k0s.paths.configuration.removingLastComponent())
            let texts = files.compactMap(\.1).map { Digest.of(Data($0.utf8)) }
            // Before they are written: what is ours must never be taken for somebody else's.
            try context.record.update { $0.settings = Set(($0.settings ?? []) + texts).sorted() }
            let ours = Set(context.record.current.settings ?? [])
            for (path, text) in files {
                if let copy = try SettingsFile(path: path).keep(unless: ours) {
                    context.report(.warning("\(path) was not as this installer writes it; it is kept as \(copy)"))
                }
                if let text {
                    try StateFile.writeSecret(text.utf8, to: path)
                } else {
                    try StateFile.remove(path)
                }
            }
        }
    }

    private var controller: ControllerOptions {
        var controller = ControllerOptions(context.record.current.isMultiNode ? .multiNode : .single)
        controller.configuration = configuration == nil ? nil : k0s.paths.configuration
        controller.nodeAddress = context.record.current.nodeAddress
        controller.resolvConf = nameServers
        return controller
    }

    /// What the service depends on.
    private var serviceInputs: [String] {
        isWorker ? worker(token: context.options.token).arguments + tokenDigest : controller.arguments
    }

    var service: Step {
        Step("k0s-service", title: "install k0s' service", inputs: serviceInputs) {
            isWorker ? holdsWorker : k0s.installedRole() == .controller
        } perform: {
            guard isWorker else {
                var controller = controller
                return try await install { force in
                    controller.force = force
                    try await k0s.install(controller)
                }
            }
            try await installWorker(context.options.token)
        }
    }

    /// Installs a service, over one that a killed run may have left half made, or made with other arguments.
    func install(_ body: (_ force: Bool) async throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await body(k0s.installedRole() != nil)
            } catch let error as ClusterError {
                // The k0s of that run may still be at it, and both make the same users.
                guard case .k0s = error, attempt < 3 else { throw error }
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private enum State {
        case answers, away
        /// It starts or stops right now.
        case troubled
    }

    private func state() async throws(ClusterError) -> State {
        do throws(ClusterError) {
            return try await k0s.status() == nil ? .away : .answers
        } catch .k0s {
            return .troubled
        }
    }

    var start: Step {
        let inputs = [binary.digest.description, configuration ?? "", ownNameServers ?? ""] + serviceInputs
        return Step("k0s-start", title: "start k0s", inputs: inputs) {
            try await state() == .answers
        } perform: {
            // Whatever runs was not seen to have started with all this: a restart costs seconds, and containers live on.
            if try await state() != .away {
                context.report(.doing(step: "k0s-start", what: "stopping the k0s that runs"))
                _ = try await k0s.stop()
                try await k0s.waitUntilStopped(timeout: context.options.startTimeout)
            }
            guard isWorker else { return try await bringUp("k0s-start") }
            do {
                try await bringUp("k0s-start")
            } catch let error as ClusterError {
                throw unanswered(error)
            }
        }
    }

    static let runningStep = "k0s-running"

    /// For an upgrade, which imports and backs up while the old platform runs: an earlier run of it may have stopped
    /// k0s, and the host may be just starting.
    var running: Step {
        Step(Self.runningStep, title: "see that k0s runs", inputs: [context.bundleDigest], isRepeated: true) {
            // An earlier run may have been killed while k0s replaced its service.
            if k0s.installedRole() == nil, try await state() != .answers { try await service.perform() }
            try await wake()
        }
    }

    /// Brings k0s up where it doesn't run.
    func wake() async throws {
        guard try await state() != .answers else { return }
        context.report(.warning("k0s isn't running; it is started, since an upgrade needs it"))
        try await bringUp(Self.runningStep)
    }

    private func bringUp(_ step: String) async throws {
        // To k0s' own start a service that died and waits for its next start is running already.
        if await k0s.waitsToRestart() { _ = try await k0s.stop() }
        await k0s.forgetFailure()
        _ = try await k0s.start()
        context.report(.doing(step: step, what: "waiting until k0s answers"))
        _ = try await k0s.waitUntilRunning(timeout: context.options.startTimeout)
    }
}
