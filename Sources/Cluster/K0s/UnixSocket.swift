internal import Glibc
internal import SystemPackage

/// Sockets of programs on this host.
enum UnixSocket {
    /// Whether something accepts connections at `path`, right now.
    static func accepts(_ path: FilePath) -> Bool { problem(with: path) == nil }

    /// Why nothing can be connected to at `path`; `nil`: something can.
    static func problem(with path: FilePath) -> Errno? {
        let descriptor = socket(
            AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return Errno(rawValue: errno) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.string.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return .fileNameTooLong }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                // A queue that is full (EAGAIN) is somebody who listens.
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 || errno == EAGAIN
                    ? nil : Errno(rawValue: errno)
            }
        }
    }
}
