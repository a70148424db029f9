internal import BundleFormat
internal import BundleInstaller
internal import Cluster
internal import CommandSupport
internal import NodeImages
internal import Preflight
internal import Processes
internal import SystemPackage

extension Failure {
    /// What the isolated side can meet beyond what both sides can.
    static func explainingInstall(_ error: any Error) -> Failure {
        switch error {
        case let error as InstallError: Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as ParameterError: Failure("\(error)", hint: error.hint, code: .data)
        case let error as PreflightError: Failure("\(error)", hint: error.hint, code: .data)
        case let error as ClusterError: Failure("\(error)", hint: error.hint, code: .unavailable)
        case let error as ProcessFailure: Failure("\(error)", code: .software)
        default: Failure(explaining: error)
        }
    }

    private static func code(of error: InstallError) -> Code {
        switch error {
        case .busy: .unavailable
        case .notInstalled: .noInput
        case .step: .software
        case .system(_, _, let errno):
            switch errno {
            case .noSuchFileOrDirectory: .noInput
            case .permissionDenied, .notPermitted: .permission
            case .readOnlyFileSystem, .notDirectory: .cantCreate
            default: .inputOutput
            }
        default: .data
        }
    }
}
