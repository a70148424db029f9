import Glibc
import SystemPackage
import TestSupport
import Threads

/// Passes on what comes in on one unix socket to another and back, until so many bytes went there; then it cuts.
final class CuttingRelay: Sendable {
    let path: FilePath
    private let listener: CInt

    /// Takes one connection on `path`, and cuts it when `limit` bytes have come from there.
    init(from path: FilePath, to target: FilePath, limit: Int) {
        self.path = path
        let listener = TestSocket.listen(at: path)
        self.listener = listener
        OSThread.spawn(name: "relay") {
            let client = accept(listener, nil, nil)
            let server = TestSocket.connect(to: target)
            let answers = OSThread.spawn(name: "relay-answers") { Self.copy(server, to: client, limit: .max) }
            Self.copy(client, to: server, limit: limit)
            for descriptor in [client, server] { shutdown(descriptor, CInt(SHUT_RDWR)) }
            answers.join()
            for descriptor in [client, server] { close(descriptor) }
        }
    }

    deinit { close(listener) }

    private static func copy(_ source: CInt, to target: CInt, limit: Int) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var rest = limit
        while rest > 0 {
            let count = recv(source, &buffer, min(buffer.count, rest), 0)
            guard count > 0, TestSocket.send(buffer[..<count], to: target) else { return }
            rest -= count
        }
    }
}
