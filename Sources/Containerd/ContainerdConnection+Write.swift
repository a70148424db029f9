internal import Glibc
package import OCI

/// How a write has ended well.
package enum WriteOutcome: Hashable, Sendable {
    case written
    /// The blob was there before; it has the labels that it had, and the lease of the connection holds it.
    case alreadyThere
}

extension ContainerdConnection {
    /// Writes a blob of the digest and the size of `descriptor`, both of which containerd checks.
    ///
    /// `body` writes all bytes from ``ContentWriter/offset`` on: where an earlier write of the same `reference` was
    /// interrupted, containerd still has the ones before it. It isn't called where the blob is there already. Waits a
    /// while for somebody else who writes the same reference.
    ///
    /// Throws ``ContainerdError`` of the kind `contentMismatch` when the bytes are not those of `descriptor`, and what
    /// `body` throws; in both cases nothing of the write is left. After a lost connection, a cancellation or a timeout
    /// containerd keeps what it has got, for the next try.
    package func write(
        _ descriptor: Descriptor, reference: String, labels: [String: String] = [:],
        body: (ContentWriter) throws -> Void
    ) throws -> WriteOutcome {
        let writer: ContentWriter
        do throws(ContainerdError) {
            writer = try open(descriptor, reference: reference)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            return .alreadyThere
        }
        do {
            try body(writer)
            try writer.commit(labels: labels)
            return .written
        } catch let error as ContainerdError where error.call == "\(Self.content)/Write" {
            switch error.kind {
            case .alreadyExists: return .alreadyThere
            case .unavailable, .cancelled, .deadlineExceeded: break
            default: abort(writer, reference)
            }
            throw error
        } catch {
            abort(writer, reference)
            throw error
        }
    }

    private func open(_ descriptor: Descriptor, reference: String) throws(ContainerdError) -> ContentWriter {
        let writer = try openUnlocked(descriptor, reference: reference)
        guard writer.offset > descriptor.size else { return writer }
        // A write of something else has left more than this blob has bytes.
        try writer.close()
        try abortIngest(reference)
        return try openUnlocked(descriptor, reference: reference)
    }

    private func openUnlocked(_ descriptor: Descriptor, reference: String) throws(ContainerdError) -> ContentWriter {
        let deadline = ContinuousClock.now + lockPatience
        var pause: useconds_t = 10_000
        while true {
            do throws(ContainerdError) {
                let call = try begin("\(Self.content)/Write", isUnary: false)
                return try ContentWriter(call, descriptor, reference: reference)
            } catch {
                // Mostly the lock is our own: of a connection whose end containerd hasn't noticed yet.
                guard error.kind == .locked, ContinuousClock.now < deadline else { throw error }
            }
            // Nothing tells when the lock is free. A cancellation is noticed by the next call.
            usleep(pause)
            pause = min(pause * 2, 500_000)
        }
    }

    private func abort(_ writer: ContentWriter, _ reference: String) {
        // The call may be over already, and then the reference is free.
        try? writer.close()
        // Left in place it would be in the way of nothing but the next try, which would see it and fail in the open.
        try? abortIngest(reference)
    }
}
