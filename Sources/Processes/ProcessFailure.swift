package import SystemPackage

/// Why a program could not be run to its end. A program that ran and failed is an ``ChildProcess/Outcome``.
package enum ProcessFailure: Error, Hashable, Sendable {
    case missing(FilePath)
    case notFound(String, searchPath: String)
    /// It is there, and the kernel would not run it.
    case unusable(FilePath, reason: String)
    /// It was ended because its time was over; `lastError` is the last line that it complained with, or empty.
    case timedOut(FilePath, after: Duration, lastError: String)
    /// It printed more than `limit` bytes and was ended.
    case outputTooLarge(FilePath, limit: Int)
    /// The task that ran it was cancelled, and it was ended.
    case cancelled(FilePath)
}

extension ProcessFailure: CustomStringConvertible {
    /// One line that names the program.
    package var description: String {
        switch self {
        case .missing(let path): "can't run \(path): there is no such file"
        case .notFound(let name, let searchPath):
            "can't run \(name): it is in none of \(searchPath)"
        case .unusable(let path, let reason): "can't run \(path): \(reason)"
        case .timedOut(let path, let limit, let lastError):
            "\(path) didn't end within \(limit) and was stopped" + (lastError.isEmpty ? "" : ": \(lastError)")
        case .outputTooLarge(let path, let limit): "\(path) printed more than \(limit) bytes and was stopped"
        case .cancelled(let path): "\(path) was stopped: cancelled"
        }
    }
}

extension ProcessFailure {
    /// What to do about it, where that is known.
    package var hint: String? {
        switch self {
        case .missing, .notFound: "install it, or check that it is executable"
        case .unusable, .timedOut, .outputTooLarge, .cancelled: nil
        }
    }
}
