package import BundleFormat
internal import Glibc
internal import OCI
package import Preflight
internal import Processes
internal import SystemPackage

/// Preflight for an opened bundle, with the bundle's own k0s asked as well.
package struct HostPreflight: Sendable {
    private let bundle: BundleReader
    private let paths: InstallerPaths
    private let profile: String?
    private let overrides: [String: String]
    private var options: PreflightOptions

    /// Takes what the operator said; parameters are those of before where nothing new is said.
    package init(
        _ bundle: BundleReader, nodeAddress: String?, addsDummyRoute: Bool, waived: Set<CheckName>,
        values overrides: [String: String], profile: String?, paths: InstallerPaths = .host
    ) throws {
        self.bundle = bundle
        self.paths = paths
        self.profile = profile
        self.overrides = overrides
        options = PreflightOptions(
            isInstalled: try InstalledRecord.read(paths.record) != nil, waived: waived, nodeAddress: nodeAddress,
            addsDummyRoute: addsDummyRoute, stateDirectory: paths.state, bundle: bundle.path,
            installer: "/proc/self/exe")
    }

    /// Makes every check; nothing is changed on the host.
    package func run() async throws -> PreflightReport {
        let files = try BundleFiles(of: bundle)
        let values = try Parameter.resolve(
            bundle.description.parameters, profiles: bundle.description.profiles, profile: profile,
            overrides: overrides)
        var options = options
        let program = try NamelessExecutable(of: bundle, files)
        if let program {
            options.runK0s = { arguments in
                let outcome = try await ChildProcess.run(
                    .path(program.path), arguments, timeout: .seconds(60), errorLimit: 64 << 10)
                let status: Int32 = if case .exited(let code) = outcome.status { Int32(code) } else { -1 }
                return (status, outcome.text)
            }
        }
        let report = await Preflight.run(try PreflightNeeds(of: bundle, values: values), options)
        withExtendedLifetime(program) {}
        return report
    }
}

/// The bundle's k0s in a file without a name: preflight leaves nothing behind, even where it is killed.
private final class NamelessExecutable: Sendable {
    private let file: FileDescriptor
    let path: FilePath

    /// `nil` where the bundle brings no Kubernetes for this host's platform.
    init?(of bundle: BundleReader, _ files: BundleFiles) throws {
        guard let title = bundle.description.kubernetes?.binaries[Platform.current.description] else { return nil }
        // open(2): __O_TMPFILE | O_DIRECTORY, which Swift does not import.
        let flags = 0o20000000 | O_DIRECTORY | O_RDWR | O_CLOEXEC
        let folder = "/var/tmp"
        let number = open(folder, flags, 0o700)
        guard number >= 0 else {
            throw InstallError.system(
                action: "make a temporary file in", path: FilePath(folder), errno: Errno(rawValue: errno))
        }
        let writable = FileDescriptor(rawValue: number)
        // The kernel runs no file that is open for writing.
        file = try writable.closeAfter {
            try files.copy(title, to: writable)
            return try FileDescriptor.open(
                FilePath("/proc/self/fd/\(number)"), .readOnly, options: .closeOnExec)
        }
        path = FilePath("/proc/\(getpid())/fd/\(file.rawValue)")
    }

    deinit { try? file.close() }  // the file goes with its last descriptor
}
