/// Why a tar archive could not be written or read.
package enum TarballError: Error, Hashable, Sendable {
    /// libarchive's own message for what `action` met.
    case library(action: String, message: String)
    /// The archive breaks a rule that every Sealift bundle keeps.
    case refused(member: String, offset: Int64, reason: String)
}

extension TarballError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .library(let action, let message): "can't \(action): \(message)"
        case .refused(let member, let offset, let reason): "member '\(member)' at byte \(offset) of the tar: \(reason)"
        }
    }
}
