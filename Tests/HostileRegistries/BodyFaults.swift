internal import Glibc
internal import TestSupport

extension Fault {
    private static let filler = [UInt8](repeating: 0x41, count: 64 << 10)

    /// Other bytes, or not all of them.
    static let bodies = [
        Fault("one bit of the body flipped") { exchange in
            var body = exchange.body
            if !body.isEmpty { body[body.count / 2] ^= 1 }
            exchange.connection.answer(200, exchange.honest.headers, body: body)
        },
        Fault("another body of the same length") {
            $0.connection.answer(200, $0.honest.headers, body: seededBytes($0.body.count, seed: 3))
        },
        Fault("an empty body") { $0.connection.answer(200, $0.honest.headers) },
        Fault("a byte too few") { $0.connection.answer(200, $0.honest.headers, body: $0.body.dropLast()) },
        Fault("a byte too many") {
            $0.connection.answer(200, $0.honest.headers, body: $0.body + (Step.documents.contains($0.step) ? [1] : [0]))
        },
        Fault("half of the body, then the end") {
            $0.headWithLength()
            $0.send($0.body.prefix($0.body.count / 2))
        },
        Fault("half of the body, then a reset") {
            $0.headWithLength()
            $0.send($0.body.prefix($0.body.count / 2))
            $0.connection.reset()
        },
        Fault("an endless body of no length") {
            $0.head([])
            $0.forever(filler)
        },
        Fault("an endless body of a terabyte") {
            $0.headWithLength("1099511627776")
            $0.forever(filler)
        },
    ]

    /// Lies about how much comes.
    static let lengths = [
        Fault("no length", .harmless) {
            $0.head([])
            $0.send($0.body)
        },
        Fault("no length, and half of the body") {
            $0.head([])
            $0.send($0.body.prefix($0.body.count / 2))
        },
        Fault("half the length", .either) {
            $0.headWithLength("\($0.body.count / 2)")
            $0.send($0.body)
        },
        Fault("a negative length") {
            $0.headWithLength("-1")
            $0.send($0.body)
        },
        Fault("the largest length that a number holds") {
            $0.headWithLength("\(Int64.max)")
            $0.send($0.body)
        },
        Fault("a length that no number holds", .either) {
            $0.headWithLength("99999999999999999999999999")
            $0.send($0.body)
        },
        Fault("a length that is no number", .either) {
            $0.headWithLength("0x10")
            $0.send($0.body)
        },
        Fault("two lengths that differ") {
            $0.head(["Content-Length: \($0.body.count)", "Content-Length: \($0.body.count + 1)"])
            $0.send($0.body)
        },
        Fault("the length twice", .harmless) {
            $0.head(["Content-Length: \($0.body.count)", "Content-Length: \($0.body.count)"])
            $0.send($0.body)
        },
    ]

    /// Tricks with `Transfer-Encoding: chunked`.
    static let chunks = [
        Fault("honest chunks with extensions and trailers", .harmless) { exchange in
            exchange.head(["Transfer-Encoding: chunked"])
            for start in stride(from: 0, to: exchange.body.count, by: 100) {
                let piece = exchange.body[start..<min(start + 100, exchange.body.count)]
                exchange.raw(String(piece.count, radix: 16) + ";x=\"y\"\r\n")
                exchange.send(Array(piece) + Array("\r\n".utf8))
            }
            exchange.raw("0\r\nX-Trailer: 1\r\n\r\n")
        },
        Fault("chunks beside a length", .either) {
            $0.head(["Transfer-Encoding: chunked", "Content-Length: 5"])
            $0.raw(String($0.body.count, radix: 16) + "\r\n")
            $0.send($0.body + Array("\r\n0\r\n\r\n".utf8))
        },
        Fault("a chunk without end") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw("FFFFFFFFFFFFFFF\r\n")
            $0.forever(filler)
        },
        Fault("chunks without end") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.forever("1\r\nA\r\n")
        },
        Fault("a chunk of no number") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw("lots\r\nabc\r\n")
        },
        Fault("a chunk of a negative number") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw("-5\r\nabc\r\n")
        },
        Fault("a chunk's extension without end") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw("5;")
            $0.forever(filler)
        },
        Fault("trailers without end") {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw(String($0.body.count, radix: 16) + "\r\n")
            $0.send($0.body + Array("\r\n0\r\n".utf8))
            $0.forever("X-Trailer: " + String(repeating: "x", count: 1000) + "\r\n")
        },
        Fault("chunks that are cut", .either) {
            $0.head(["Transfer-Encoding: chunked"])
            $0.raw(String($0.body.count + 10, radix: 16) + "\r\n")
            $0.send($0.body)
        },
    ]

    /// Servers that let one wait.
    static let silences = [
        Fault("a connection on which nothing comes") { $0.connection.waitForClose() },
        Fault("a head, and then nothing") {
            $0.headWithLength()
            $0.connection.waitForClose()
        },
        Fault("all but the last byte, and then nothing") {
            $0.headWithLength()
            $0.send($0.body.dropLast())
            $0.connection.waitForClose()
        },
        Fault("a body that drips") { exchange in
            // Longer than anybody waits, whatever the body's own length.
            exchange.head(["Content-Length: \(max(exchange.body.count, 4000))"])
            for byte in exchange.body.prefix(2000) + filler.prefix(4000) {
                guard exchange.connection.send([byte]) else { return }
                usleep(20_000)
            }
        },
        Fault("a head that drips") { exchange in
            for byte in "HTTP/1.1 200 OK\r\nX: ".utf8 + filler.prefix(4000) {
                guard exchange.connection.send([byte]) else { return }
                usleep(20_000)
            }
        },
    ]
}

extension Step {
    /// What is read into memory as a whole.
    static let documents: Set<Step> = [.token, .root, .child, .config]
    /// What has a digest of its own.
    static let digested: Set<Step> = [.root, .child, .config, .layer]
}
