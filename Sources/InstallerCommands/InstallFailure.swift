internal import BundleFormat
internal import BundleInstaller
internal import Cluster
internal import CommandSupport
internal import Containerd
internal import NodeImages
internal import Preflight
internal import Processes
internal import SystemPackage

extension Failure {
    /// What the isolated side can meet beyond what both sides can.
    static func explainingInstall(_ error: any Error) -> Failure {
        switch error {
        case InstallError.step(_, _, let hint, let cause?): explainingStep("\(error)", hint: hint, cause: cause)
        case let error as InstallError: Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as ContainerdError: Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as NodeImagesError: Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as ParameterError: Failure("\(error)", hint: error.hint, code: .data)
        case let error as PreflightError: Failure("\(error)", hint: error.hint, code: .data)
        case ClusterError.cancelled, ProcessFailure.cancelled: Failure("interrupted", code: .interrupted)
        case ClusterError.badToken: Failure("\(error)", hint: (error as? ClusterError)?.hint, code: .data)
        case let error as ClusterError: Failure("\(error)", hint: error.hint, code: .unavailable)
        case let error as ProcessFailure: Failure("\(error)", hint: error.hint, code: .unavailable)
        default: Failure(explaining: error)
        }
    }

    /// Runs a command that a later run goes on with; says so where it is interrupted.
    static func resumable<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch is CancellationError {
            throw Failure(
                "interrupted", hint: "running the same command again goes on where this stopped", code: .interrupted)
        }
    }

    /// A step's failure has the code of what stopped it where that lies outside of the platform: a full disk, a socket
    /// that nobody listens on, a bad medium. What Kubernetes made of the platform is the step's own.
    private static func explainingStep(_ message: String, hint: String?, cause: any Error) -> Failure {
        let inner = explainingInstall(cause)
        let isPlatforms = cause is ClusterError || cause is ProcessFailure
        let again = "running the same command again goes on with this step"
        return Failure(
            message, hint: hint ?? (inner.code == .software ? nil : inner.hint) ?? again,
            code: isPlatforms ? .software : inner.code)
    }

    private static func code(of error: ContainerdError) -> Code {
        if error.isDiskFull { return .inputOutput }
        return switch error.kind {
        case .unavailable, .deadlineExceeded, .locked, .notContainerd, .unimplemented: .unavailable
        case .permissionDenied: .permission
        case .contentMismatch, .tooLarge, .invalidArgument: .data
        case .cancelled: .interrupted
        case .notFound, .alreadyExists, .failedPrecondition, .other: .software
        }
    }

    private static func code(of error: NodeImagesError) -> Code {
        switch error {
        case .busy: .unavailable
        case .system(_, _, let errno): code(of: errno)
        case .damaged, .unreadable, .layerDiffers, .baseMissing: .data
        case .chainBroken, .layerRefused: .software
        }
    }

    private static func code(of errno: Errno) -> Code {
        switch errno {
        case .noSuchFileOrDirectory: .noInput
        case .permissionDenied, .notPermitted: .permission
        case .readOnlyFileSystem, .notDirectory: .cantCreate
        default: .inputOutput
        }
    }

    private static func code(of error: InstallError) -> Code {
        switch error {
        case .busy: .unavailable
        case .notInstalled: .noInput
        case .step: .software
        case .system(_, _, let errno): code(of: errno)
        default: .data
        }
    }
}
