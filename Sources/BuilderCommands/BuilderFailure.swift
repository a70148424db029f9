internal import BundleBuilder
internal import BundleDistribution
internal import BundleFormat
internal import Charts
internal import CommandSupport
internal import Definition
internal import OCI
internal import Registry
internal import RegistryServer
internal import SystemPackage

extension Failure {
    /// What the connected side can meet beyond what both sides can.
    static func explainingBuild(_ error: any Error) -> Failure {
        switch error {
        case let error as DefinitionError:
            let code: Code = if case .noSuchBundle = error.reason { .noInput } else { .data }
            return Failure("\(error)", hint: error.hint, code: code)
        case let error as ChartError:
            return Failure("\(error)", hint: error.hint, code: error.isUnavailable ? .unavailable : .data)
        case let error as ParameterError: return Failure("\(error)", hint: error.hint, code: .data)
        case BuildError.fetching(let reference, let place, let cause):
            var failure = explainingBuild(cause)
            failure.message = "\(BuildError.fetching(reference, askedBy: place, cause))"
            return failure
        case let error as BuildError: return Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as RegistryError:
            return Failure("\(error)", hint: error.hint, code: code(of: error.category))
        case let error as DistributionError: return Failure("\(error)", hint: error.hint, code: code(of: error))
        case let error as ServerError: return Failure("\(error)", hint: error.hint, code: .unavailable)
        default: return Failure(explaining: error)
        }
    }

    private static func code(of error: DistributionError) -> Code {
        if case .outputExists = error { .cantCreate } else { .data }
    }

    private static func code(of error: BuildError) -> Code {
        switch error {
        case .outputExists: .cantCreate
        case .notEnoughSpace: .inputOutput
        case .noInstaller: .noInput
        case .cacheInUse: .unavailable
        case .foreignCache: .permission
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

    private static func code(of category: RegistryError.Category) -> Code {
        switch category {
        case .unreachable: .unavailable
        case .unauthorized: .permission
        case .notFound, .corrupted, .tooLarge: .data
        case .diskFull: .inputOutput
        case .cancelled: .interrupted
        case .other: .unavailable
        }
    }
}
