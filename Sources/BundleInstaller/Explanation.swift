internal import Cluster
internal import Containerd
internal import NodeImages
internal import Processes

/// An error in words: why something stopped, and what to do about it.
struct Explanation {
    let reason: String
    let hint: String?
    /// The error itself, where it is no mere wrapping of words.
    let cause: (any Error)?

    init(_ error: any Error) {
        if case InstallError.step(_, let reason, let hint, let cause) = error {
            (self.reason, self.hint, self.cause) = (reason, hint, cause)
            return
        }
        reason = "\(error)"
        cause = error
        hint =
            switch error {
            case let error as InstallError: error.hint
            case let error as ClusterError: error.hint
            case let error as ProcessFailure: error.hint
            case let error as ContainerdError: error.hint
            case let error as NodeImagesError: error.hint
            default: nil
            }
    }
}
