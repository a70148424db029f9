internal import Glibc
internal import Threads

/// Sockets on 127.0.0.1.
enum Loopback {
    /// A listening socket on a port that the kernel chose.
    static func listen() -> (socket: CInt, port: Int) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue)), 0)
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let succeeded = withSockaddr(&address) {
            bind(descriptor, $0, length) == 0 && Glibc.listen(descriptor, 64) == 0
        }
        guard descriptor >= 0, succeeded else { fatalError("can't listen on loopback") }
        _ = withSockaddr(&address) { getsockname(descriptor, $0, &length) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// The ports below the range from which outgoing connections are served, so that none of those takes one meanwhile.
    private static let ports = 20000..<32000
    /// What ``freePort()`` tries next.
    private static let next = Lock(Int.random(in: ports))

    /// A port on which nothing listens, and which no other call gets: minutes may pass until who asked listens there.
    static func freePort() -> Int {
        for _ in 0..<200 {
            let port = next.withLock { next in
                next = next + 1 < ports.upperBound ? next + 1 : ports.lowerBound
                return next
            }
            let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = address(port: port)
            let length = socklen_t(MemoryLayout<sockaddr_in>.size)
            if withSockaddr(&address, { bind(descriptor, $0, length) }) == 0 { return port }
        }
        fatalError("no free port on loopback")
    }

    /// Whether something listens on `port`.
    static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address(port: port)
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withSockaddr(&address) { connect(descriptor, $0, length) } == 0
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withSockaddr<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }
}
