package import SystemPackage

/// Why containerd didn't do what it was asked for.
package struct ContainerdError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case notFound
        case alreadyExists
        case failedPrecondition
        case invalidArgument
        case permissionDenied
        case unimplemented
        /// Nobody listens on the socket, or the connection is lost: whether a call was done is unknown.
        case unavailable
        /// Somebody else writes the same content right now.
        case locked
        /// What was written isn't what was announced: another digest or another size. Nothing of it is kept.
        case contentMismatch
        /// More than we are ready to take.
        case tooLarge
        case deadlineExceeded
        case cancelled
        /// What listens on the socket isn't containerd, or a containerd whose answers we don't understand.
        case notContainerd
        /// Any other status of gRPC.
        case other(code: Int)
    }

    /// Where containerd listens.
    package let socket: FilePath
    /// What was called, as `containerd.services.content.v1.Content/Write`; `nil` while connecting.
    package let call: String?
    package let kind: Kind
    /// containerd's own words, or the connection's.
    package let message: String
}

extension ContainerdError: CustomStringConvertible {
    package var description: String {
        let doing = call.map { "call \($0) of containerd at \(socket)" } ?? "connect to containerd at \(socket)"
        return "can't \(doing): \(message.isEmpty ? "\(kind)" : message)"
    }

    /// Whether the disk that containerd writes to is full; gRPC has no status of its own for that.
    package var isDiskFull: Bool {
        message.contains("no space left on device") || message.contains("disk quota exceeded")
    }

    /// What to do about it, where that is known.
    package var hint: String? {
        switch kind {
        case _ where isDiskFull:
            "free some space where containerd keeps its data; running again goes on where this stopped"
        case .unavailable where call == nil: "is containerd running, and is this its socket?"
        case .unavailable: "has containerd stopped? its log tells why; once it runs again, so can this"
        case .invalidArgument where message.contains("snapshotter not loaded"):
            "'ctr plugins ls' lists the snapshotters that this containerd has"
        case .permissionDenied where call == nil: "run as root; containerd's socket is root's"
        case .notContainerd: "is this the socket of containerd itself, and not that of another service?"
        case .deadlineExceeded: "containerd hangs or is overloaded, as its log tells; or the socket is not its own"
        case .locked: "another import of the same image is under way; wait for it, then try again"
        default: nil
        }
    }
}
