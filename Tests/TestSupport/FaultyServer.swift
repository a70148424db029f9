internal import Glibc
internal import Threads

/// An HTTP/1.1 server on loopback that does what a test tells it to, however wrong.
///
/// The handler runs on a thread of its own for each connection, answers one request, and the connection closes.
package final class FaultyServer: Sendable {
    package struct Request: Sendable {
        package var method: String
        /// With its query.
        package var path: String
        /// Names in lower case.
        package var headers: [String: String]
        package var body: [UInt8]

        /// The first byte that a `Range` header asks for.
        package var rangeStart: Int? {
            headers["range"].flatMap { $0.hasPrefix("bytes=") ? Int($0.dropFirst(6).prefix { $0 != "-" }) : nil }
        }
    }

    package struct Connection: Sendable {
        fileprivate let descriptor: CInt

        /// Sends bytes as they are; `false` once the other side has gone.
        @discardableResult
        package func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }

        /// Sends a head, with nothing added to it.
        @discardableResult
        package func head(_ status: Int, _ headers: [String: String] = [:]) -> Bool {
            let fields = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
            return send(Array("HTTP/1.1 \(status) Status\r\nConnection: close\r\n\(fields)\r\n".utf8))
        }

        /// Sends a whole and honest answer.
        package func answer(_ status: Int, _ headers: [String: String] = [:], body: [UInt8] = []) {
            head(status, headers.merging(["Content-Length": "\(body.count)"]) { given, _ in given })
            send(body)
        }

        /// Sends `content`, or the part that the request asks for, as a correct server does.
        package func serve(_ content: [UInt8], to request: Request, _ headers: [String: String] = [:]) {
            guard let start = request.rangeStart else { return answer(200, headers, body: content) }
            guard start < content.count else { return answer(416, ["Content-Range": "bytes */\(content.count)"]) }
            answer(
                206,
                headers.merging(["Content-Range": "bytes \(start)-\(content.count - 1)/\(content.count)"]) { $1 },
                body: Array(content[start...]))
        }

        /// Ends the connection as a crashed machine does: with a reset, and whatever was not read yet is lost.
        package func reset() {
            // To connect to nowhere is how Linux takes a connection back.
            var address = sockaddr()
            address.sa_family = sa_family_t(AF_UNSPEC)
            _ = connect(descriptor, &address, socklen_t(MemoryLayout<sockaddr>.size))
        }

        /// Blocks until the other side closes the connection.
        package func waitForClose() {
            var byte: UInt8 = 0
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }
    }

    package let port: Int
    private let listener: CInt
    private let record = Record()

    /// Starts a server that answers with `handler`.
    package init(_ handler: @escaping @Sendable (Request, Connection) -> Void) {
        let (listener, port) = Loopback.listen()
        self.listener = listener
        self.port = port
        OSThread.spawn(name: "faulty-server") { [record] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                OSThread.spawn(name: "faulty-answer") {
                    defer { close(descriptor) }
                    guard let request = Self.read(from: descriptor) else { return }
                    record.requests.withLock { $0.append(request) }
                    handler(request, Connection(descriptor: descriptor))
                    shutdown(descriptor, CInt(SHUT_WR))
                }
            }
            close(listener)
        }
    }

    deinit {
        // Wakes `accept`, whose thread then closes the socket.
        shutdown(listener, CInt(SHUT_RDWR))
    }

    /// Every request so far, in the order in which they were read.
    package var requests: [Request] { record.requests.withLock { $0 } }

    /// `http://127.0.0.1:PORT`.
    package var origin: String { "http://127.0.0.1:\(port)" }

    private static func read(from descriptor: CInt) -> Request? {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while bytes.suffix(4) != end[...] {
            var byte: UInt8 = 0
            guard bytes.count < 1 << 16, recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count == 3 else { return nil }
        var request = Request(method: String(words[0]), path: String(words[1]), headers: [:], body: [])
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            request.headers[line[..<colon].lowercased()] =
                String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        for _ in 0..<(request.headers["content-length"].flatMap { Int($0) } ?? 0) {
            var byte: UInt8 = 0
            guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            request.body.append(byte)
        }
        return request
    }
}

/// What the server's threads and its owner share.
private final class Record: Sendable {
    let requests = Lock<[FaultyServer.Request]>([])
}
