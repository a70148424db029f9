package import BundleFormat
internal import Cluster
internal import Glibc
internal import NodeImages
internal import OCI
package import Preflight
internal import Processes
internal import SystemPackage
internal import Threads

/// Preflight for an opened bundle, with the bundle's own k0s asked as well.
package struct HostPreflight: Sendable {
    private let bundle: BundleReader
    private let files: BundleFiles
    private let values: [String: String]
    private let profile: String?
    private let isWorker: Bool
    private let node: NodeOptions?
    private let k0sProgram: FilePath
    private let options: PreflightOptions

    /// Takes what the operator said; parameters are those of before where nothing new is said.
    package init(_ bundle: BundleReader, _ choice: InstallOptions, paths: InstallerPaths = .host) throws {
        try self.init(bundle, choice, paths: paths, k0sPaths: K0sPaths())
    }

    init(_ bundle: BundleReader, _ choice: InstallOptions, paths: InstallerPaths, k0sPaths: K0sPaths) throws {
        self.bundle = bundle
        files = BundleFiles(of: bundle)
        k0sProgram = k0sPaths.binary
        (profile, values) = try Parameters.known(
            of: bundle.description, profile: choice.profile, overrides: choice.overrides, keptAt: paths.parameters)
        let record = try InstalledRecord.read(paths.record)
        let hasKubernetes = bundle.description.kubernetes != nil
        node =
            hasKubernetes
            ? record.map { _ in NodeOptions(socket: k0sPaths.containerdSocket) } : choice.node ?? record?.node
        let server = choice.token?.host ?? record?.joined.flatMap { JoinToken.host(of: $0) }
        isWorker = server != nil
        options = PreflightOptions(
            role: server.map { .worker(controller: $0) }
                ?? (choice.isMultiNode || record?.isMultiNode == true ? .controller : .single),
            isInstalled: record != nil, waived: choice.waived,
            // A node that was given an address must still have it, but for the one that a step of ours makes.
            nodeAddress: choice.nodeAddress
                ?? (record?.nodeAddress == DummyRoute.address ? nil : record?.nodeAddress),
            addsDummyRoute: choice.addsDummyRoute,
            dataDirectory: hasKubernetes ? k0sPaths.data : Self.data(of: node?.socket),
            stateDirectory: paths.state, bundle: bundle.path, installer: "/proc/self/exe")
    }

    /// Makes every check; nothing is changed on the host.
    package func run() async throws -> PreflightReport {
        var options = options
        var program: NamelessExecutable?
        do {
            program = try await onThread("preflight") { try NamelessExecutable(of: bundle, files) }
        } catch InstallError.system(let action, let path, let errno) {
            // No room for it, say: that is for the check to tell, with all others.
            options.runK0s = { _ in throw InstallError.system(action: action, path: path, errno: errno) }
        }
        // A delta leaves k0s to its base, which put it in place.
        let installed = bundle.leftOut.programs[Platform.current.description].map { _ in k0sProgram }
        if let path = program?.path ?? installed {
            options.runK0s = { arguments in
                let outcome = try await ChildProcess.run(
                    .path(path), arguments, timeout: .seconds(60), errorLimit: 64 << 10)
                let status: Int32 = if case .exited(let code) = outcome.status { Int32(code) } else { -1 }
                return (status, outcome.text.isEmpty ? outcome.standardError : outcome.text)
            }
        }
        let needs = try await onThread("preflight") { try PreflightNeeds(of: bundle, profile: profile, values: values) }
        options.storedBytes = await storedBytes(needs)
        let report = await Preflight.run(isWorker ? needs.ofWorker : needs, options)
        withExtendedLifetime(program) {}
        return report
    }

    /// What an earlier run has brought into containerd, and need not have room again.
    private func storedBytes(_ needs: PreflightNeeds) async -> Int64 {
        // Where no containerd answers, as on a fresh host, all is still to come.
        guard let node, let plan = try? await ImageImport(bundle, .init(node: node, workers: 1)).plan() else {
            return 0
        }
        let packed = plan.unpackings.reduce(0) { $0 + $1.layer.size }
        guard plan.bytesToWrite > 0 || packed > 0 else { return .max }
        // How large each layer becomes is unknown here; that all grow alike is near enough.
        let all = max(1, plan.bytesThere + plan.bytesToWrite)
        let share = max(0, 1000 - packed / max(1, all / 1000))
        return plan.bytesThere + needs.unpackedBytes / 1000 * share
    }

    /// Where the containerd of a socket keeps its data, as they are usually set up.
    private static func data(of socket: FilePath?) -> FilePath {
        guard let socket else { return "/var/lib/containerd" }
        if socket.starts(with: "/run/k0s") { return K0sPaths().data }
        return socket.starts(with: "/run/k3s") ? "/var/lib/rancher/k3s" : "/var/lib/containerd"
    }
}

/// The bundle's k0s in a file without a name: preflight leaves nothing behind, even where it is killed.
private final class NamelessExecutable: Sendable {
    private let file: FileDescriptor
    let path: FilePath

    /// `nil` where the bundle brings no Kubernetes for this host's platform, or leaves it to its base.
    init?(of bundle: BundleReader, _ files: BundleFiles) throws {
        let platform = Platform.current.description
        guard let title = bundle.description.kubernetes?.binaries[platform], bundle.leftOut.programs[platform] == nil
        else { return nil }
        let (writable, place) = try Self.make()
        // The kernel runs no file that is open for writing.
        file = try writable.closeAfter {
            try files.copy(title, to: writable, at: place)
            return try StateFile.attempt("open again", place) {
                try FileDescriptor.open(
                    FilePath("/proc/self/fd/\(writable.rawValue)"), .readOnly, options: .closeOnExec)
            }
        }
        path = FilePath("/proc/\(getpid())/fd/\(file.rawValue)")
    }

    deinit { try? file.close() }  // the file goes with its last descriptor

    /// In the first folder that takes files without names and lets programs run.
    private static func make() throws -> (FileDescriptor, FilePath) {
        // open(2): __O_TMPFILE | O_DIRECTORY, and statvfs(3): ST_NOEXEC; Swift imports neither.
        let (nameless, forbidsExecution) = (0o20000000 | O_DIRECTORY, UInt(8))
        var reason = Errno.notSupported
        for folder in ["/var/tmp", "/var/lib", "/usr/local/bin", "/dev/shm"] as [FilePath] {
            var status = statvfs()
            guard statvfs(folder.string, &status) == 0, status.f_flag & forbidsExecution == 0 else { continue }
            let number = open(folder.string, nameless | O_RDWR | O_CLOEXEC, 0o700)
            if number >= 0 { return (FileDescriptor(rawValue: number), folder) }
            reason = Errno(rawValue: errno)
        }
        throw InstallError.system(action: "make a temporary program in", path: "/var/tmp", errno: reason)
    }
}
