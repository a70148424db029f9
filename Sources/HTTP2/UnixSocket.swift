internal import Glibc
internal import Linux
internal import SystemPackage
internal import Threads

/// A connected, non-blocking stream socket; closed when the object goes away.
final class UnixSocket {
    let descriptor: CInt

    /// The process that listens at the other end; `nil` where this one can't see it.
    var peer: Int32? { Kernel.peer(ofSocket: descriptor) }

    /// Takes over a connected socket.
    init(owning descriptor: CInt) throws(HTTP2Error) {
        self.descriptor = descriptor
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
            throw .system(action: "set up a socket", errno: Errno(rawValue: errno))
        }
        // A larger buffer saves system calls on uploads; with the kernel's own size everything works as well.
        var size: CInt = 1 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Connects to the socket at `path`.
    convenience init(
        connecting path: FilePath, cancellation: Cancellation?, deadline: ContinuousClock.Instant
    ) throws(HTTP2Error) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.string.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { target in
            guard bytes.count < target.count else { return false }
            target.copyBytes(from: bytes)
            return true
        }
        guard fits else { throw .pathTooLong(path: path) }
        let kind = CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue) | UInt32(SOCK_NONBLOCK.rawValue))
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw .system(action: "make a socket", errno: Errno(rawValue: errno)) }
        try self.init(owning: descriptor)
        while true {
            let code = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if code == 0 || errno == EISCONN { return }
            // EAGAIN: too many wait to be accepted. Nothing tells when that ends.
            guard errno == EAGAIN || errno == EINTR else {
                throw .unreachable(path: path, errno: Errno(rawValue: errno))
            }
            let pause = ContinuousClock.now + .milliseconds(20)
            try Self.poll([], cancellation, deadline: deadline, orUntil: pause)
        }
    }

    deinit { close(descriptor) }

    /// Reads what is there; `nil` when nothing is, 0 when the other side has closed.
    func receive(into target: UnsafeMutableRawBufferPointer) throws(HTTP2Error) -> Int? {
        while true {
            let count = recv(descriptor, target.baseAddress, target.count, 0)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case ECONNRESET: return 0
            default: throw .system(action: "read from the socket", errno: Errno(rawValue: errno))
            }
        }
    }

    /// Writes as much of `pieces` as the socket takes; `nil` when it takes nothing now.
    func send(_ pieces: UnsafeMutableBufferPointer<iovec>) throws(HTTP2Error) -> Int? {
        var message = msghdr()
        message.msg_iov = pieces.baseAddress
        message.msg_iovlen = pieces.count
        while true {
            // Not writev: a closed connection must not send us SIGPIPE.
            let count = sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL))
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            case EPIPE, ECONNRESET: throw .connectionLost
            default: throw .system(action: "write to the socket", errno: Errno(rawValue: errno))
            }
        }
    }

    /// Blocks until there is something to read, or room to write where that is asked for.
    func wait(
        forWriting: Bool, _ cancellation: Cancellation?, deadline: ContinuousClock.Instant
    ) throws(HTTP2Error) {
        let events = CInt(POLLIN) | (forWriting ? CInt(POLLOUT) : 0)
        try Self.poll([pollfd(fd: descriptor, events: CShort(events), revents: 0)], cancellation, deadline: deadline)
    }

    /// Blocks until one of `entries` is ready or `pause` has come; throws once cancelled or past the deadline.
    private static func poll(
        _ entries: [pollfd], _ cancellation: Cancellation?, deadline: ContinuousClock.Instant,
        orUntil pause: ContinuousClock.Instant? = nil
    ) throws(HTTP2Error) {
        var entries = entries
        if let cancellation { entries.append(pollfd(fd: cancellation.descriptor, events: CShort(POLLIN), revents: 0)) }
        while true {
            let now = ContinuousClock.now
            if cancellation?.isCancelled == true { throw .cancelled }
            guard now < deadline else { throw .deadlineExceeded }
            if let pause, now >= pause { return }
            let rest = min(deadline, pause ?? deadline) - now
            // Rounded up, so that a wait for less than a millisecond doesn't spin; capped far below CInt.max.
            let (seconds, attoseconds) = rest.components
            let milliseconds = min(seconds, 3600) * 1000 + attoseconds / 1_000_000_000_000_000
            let count = Glibc.poll(&entries, nfds_t(entries.count), CInt(milliseconds + 1))
            guard count >= 0 || errno == EINTR else {
                throw .system(action: "wait for the socket", errno: Errno(rawValue: errno))
            }
            if count > 0, cancellation?.isCancelled != true { return }
        }
    }
}
