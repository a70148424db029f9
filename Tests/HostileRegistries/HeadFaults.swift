internal import OCI
internal import TestSupport

extension Fault {
    private static let line = "X-Filler: " + String(repeating: "x", count: 1000) + "\r\n"

    /// Heads that are none, or too much of one.
    static let heads = [
        Fault("garbage instead of HTTP") { $0.send(seededBytes(5000, seed: 4)) },
        Fault("a banner of another protocol") { $0.raw("220 mail.example ESMTP\r\n") },
        Fault("a body without a head") { $0.send($0.body) },
        Fault("no answer at all") { _ in },
        Fault("a reset before the answer") { $0.connection.reset() },
        Fault("a reset in the head") {
            $0.raw("HTTP/1.1 200 OK\r\nContent-Le")
            $0.connection.reset()
        },
        Fault("a head without end") {
            $0.raw("HTTP/1.1 200 OK\r\n")
            $0.forever(line)
        },
        Fault("a header without end") {
            $0.raw("HTTP/1.1 200 OK\r\nX-Filler: ")
            $0.forever(String(repeating: "x", count: 1000))
        },
        Fault("a header of a megabyte") {
            $0.head(["X-Filler: " + String(repeating: "x", count: 1 << 20), "Content-Length: \($0.body.count)"])
            $0.send($0.body)
        },
        Fault("a header of many names") { exchange in
            exchange.head((0..<40_000).map { "X-\($0): 1" } + ["Content-Length: \(exchange.body.count)"])
            exchange.send(exchange.body)
        },
        Fault("a NUL in a header", .either) {
            $0.head(["X-Nul: a\0b", "Content-Length: \($0.body.count)"])
            $0.send($0.body)
        },
        Fault("a folded header", .either) {
            $0.head(["X-Folded: a", " b", "Content-Length: \($0.body.count)"])
            $0.send($0.body)
        },
        Fault("a version that does not exist", .either) {
            $0.head(["Content-Length: \($0.body.count)"], status: "HTTP/9.9 200 OK")
            $0.send($0.body)
        },
        Fault("a status of four digits") {
            $0.head(["Content-Length: \($0.body.count)"], status: "HTTP/1.1 2000 OK")
            $0.send($0.body)
        },
        Fault("a status that is no number") {
            $0.head(["Content-Length: \($0.body.count)"], status: "HTTP/1.1 fine \u{1B}[2J")
            $0.send($0.body)
        },
        Fault("a status nobody knows") { $0.connection.answer(799, $0.honest.headers, body: $0.body) },
        Fault("no content") { $0.connection.head(204) },
        Fault("another success", at: Step.digested.union([.file])) {
            $0.connection.answer(203, $0.honest.headers, body: $0.body)
        },
    ]

    /// Answers before the answer.
    static let informational = [
        Fault("some informational answers", .harmless) { exchange in
            for _ in 0..<20 {
                exchange.raw("HTTP/1.1 103 Early Hints\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\n\r\n")
            }
            exchange.honestly()
        },
        Fault("informational answers without end") { $0.forever("HTTP/1.1 100 Continue\r\n\r\n") },
        Fault("another protocol that nobody asked for") {
            $0.raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
            $0.connection.waitForClose()
        },
    ]

    /// Encodings that nobody asked for.
    static let codings =
        ["gzip", "br", "zstd", "deflate", "gzip, gzip, gzip", "\u{1B}[31m"].map { coding in
            Fault("a body that pretends to be \(coding.printable())") { $0.honestly(["Content-Encoding": coding]) }
        } + [
            Fault("a bomb in gzip") { exchange in
                exchange.connection.answer(200, ["Content-Encoding": "gzip"], body: bomb)
            },
            Fault("a bomb in gzip, as a transfer's encoding") {
                $0.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
                $0.raw(String(bomb.count, radix: 16) + "\r\n")
                $0.send(bomb + Array("\r\n0\r\n\r\n".utf8))
            },
            Fault("the honest encoding", .harmless) { $0.honestly(["Content-Encoding": "identity"]) },
        ]

    private static let bomb = GzipBomb.bytes(unpacked: 30_000_000)
}

/// Much from little.
enum GzipBomb {
    /// A gzip member (RFC 1952) that unpacks to about `size` zeros, in one block of fixed codes (RFC 1951, 3.2.6).
    static func bytes(unpacked size: Int) -> [UInt8] {
        var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var bits: UInt32 = 0
        var count: UInt32 = 0
        func put(_ code: String) {
            for bit in code.utf8 {
                bits |= (bit == UInt8(ascii: "1") ? 1 : 0) << count
                count += 1
                guard count == 8 else { continue }
                member.append(UInt8(bits))
                bits = 0
                count = 0
            }
        }
        // The last block, of fixed codes; a zero; then 258 bytes from one byte before, again and again; the end.
        put("110" + "00110000")
        for _ in 0..<(size / 258) { put("11000101" + "00000") }
        put("0000000" + "0000000")
        return member + [UInt8](repeating: 0, count: 8)
    }
}
