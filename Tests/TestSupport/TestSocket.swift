internal import Glibc
package import SystemPackage
internal import Threads

/// Unix sockets for tests; whatever fails ends the test run, since only the test itself can be wrong.
package enum TestSocket {
    /// A socket that listens at `path`, and lets `backlog` connections wait.
    package static func listen(at path: FilePath, backlog: CInt = 16) -> CInt {
        let descriptor = make()
        let succeeded = withAddress(path) { bind(descriptor, $0, $1) == 0 && Glibc.listen(descriptor, backlog) == 0 }
        guard succeeded else { fatalError("can't listen at \(path)") }
        return descriptor
    }

    /// A socket that is connected to who listens at `path`.
    package static func connect(to path: FilePath) -> CInt {
        let descriptor = make()
        guard withAddress(path, { Glibc.connect(descriptor, $0, $1) == 0 }) else { fatalError("nobody at \(path)") }
        return descriptor
    }

    /// Two sockets that are connected with each other.
    package static func pair() -> (CInt, CInt) {
        var ends: [CInt] = [-1, -1]
        let kind = CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue))
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { fatalError("can't make a socket pair") }
        return (ends[0], ends[1])
    }

    /// Whether something listens at `path`.
    package static func answers(_ path: FilePath) -> Bool {
        let descriptor = make()
        defer { close(descriptor) }
        return withAddress(path) { Glibc.connect(descriptor, $0, $1) == 0 }
    }

    /// Sends all of `bytes`; `false` once the other side has gone.
    package static func send(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Waits for the first bytes that come in on `descriptor`, answers with `bytes`, whatever was asked, and nothing
    /// more; then reads until the other side closes. All of that on a thread of its own.
    package static func answer(on descriptor: CInt, with bytes: [UInt8]) {
        OSThread.spawn(name: "canned-answer") {
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            if recv(descriptor, &buffer, buffer.count, 0) > 0 { _ = send(bytes[...], to: descriptor) }
            shutdown(descriptor, CInt(SHUT_WR))
            while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
            close(descriptor)
        }
    }

    /// As `answer(on:with:)`, for the first who connects to `path`, where this listens from now on.
    package static func answer(at path: FilePath, with bytes: [UInt8]) {
        let listener = listen(at: path)
        OSThread.spawn(name: "canned-server") {
            let descriptor = accept(listener, nil, nil)
            close(listener)
            answer(on: descriptor, with: bytes)
        }
    }

    private static func make() -> CInt {
        socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue)), 0)
    }

    private static func withAddress<Result>(
        _ path: FilePath, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.string.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
