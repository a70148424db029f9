import Glibc
import HTTP2
import SystemPackage
import TestSupport
import Testing
import Threads

extension HTTP2Connection {
    /// Begins an exchange with a ``PeerServer``.
    func open(_ path: PeerServer.Path) throws(HTTP2Error) -> HTTP2Stream {
        try open([
            HTTP2Header(":method", "POST"), HTTP2Header(":scheme", "http"), HTTP2Header(":path", path.rawValue),
            HTTP2Header(":authority", "localhost"), HTTP2Header("te", "trailers"),
        ])
    }
}

extension HTTP2Stream {
    /// The whole rest of the response's body.
    func receiveAll() throws(HTTP2Error) -> [UInt8] {
        var bytes: [UInt8] = []
        while let more = try receive(deadline: .farAway) { bytes += more }
        return bytes
    }

    subscript(trailer name: String) -> String? { trailers.first { $0.name == name }?.value }
    subscript(header name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension ContinuousClock.Instant {
    /// Longer than any of these tests takes on any machine.
    static var farAway: Self { .now + .seconds(120) }
}

private func failure(_ body: () throws(HTTP2Error) -> Void) -> HTTP2Error? {
    do throws(HTTP2Error) { try body() } catch { return error }
    return nil
}

/// Every test blocks, so each runs on a thread of its own.
@Suite struct ConnectionTests {
    @Test func echoes() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            for round in 0..<3 {
                let stream = try connection.open(.echo)
                let payload = seededBytes(100_000 * round, seed: UInt64(round))
                let sent = try payload.withUnsafeBytes {
                    try stream.send([1, 2], $0, ending: false, deadline: .farAway)
                }
                #expect(sent)
                #expect(try stream.send([3], ending: true, deadline: .farAway))
                try stream.receiveHeaders(deadline: .farAway)
                #expect(stream[header: ":status"] == "200")
                #expect(try stream.receiveAll() == [1, 2] + payload + [3])
                #expect(stream[trailer: "count"] == "\(payload.count + 3)")
            }
        }
    }

    @Test(arguments: [1, 1000, 16_384, 65_535, 1 << 20])
    func uploadsThroughAnyWindow(window: Int) async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start(window: UInt32(window)))
            let stream = try connection.open(.echo)
            let payload = seededBytes(min(window * 2000, 3_000_000), seed: 1)
            let sent = try payload.withUnsafeBytes { try stream.send([], $0, ending: true, deadline: .farAway) }
            #expect(sent)
            #expect(try stream.receiveAll() == payload)
        }
    }

    @Test func twoStreamsAtOnce() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let first = try connection.open(.echo)
            let second = try connection.open(.echo)
            for part in UInt8(0)..<50 {
                _ = try first.send([part], ending: part == 49, deadline: .farAway)
                _ = try second.send([100 + part], ending: part == 49, deadline: .farAway)
            }
            #expect(try second.receiveAll() == Array(100..<150))
            #expect(try first.receiveAll() == Array(0..<50))
        }
    }

    @Test func aLargeAnswerWaitsForItsReader() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let large = try connection.open(.large)
            _ = try large.send([], ending: true, deadline: .farAway)
            // What else goes on doesn't let more of it in than the window allows.
            for _ in 0..<20 {
                let echo = try connection.open(.echo)
                _ = try echo.send([7], ending: true, deadline: .farAway)
                #expect(try echo.receiveAll() == [7])
            }
            let first = try #require(try large.receive(deadline: .farAway))
            #expect(first.count <= HTTP2Connection.window)
            let rest = try large.receiveAll()
            #expect(first.count + rest.count == 24 << 20)
        }
    }

    @Test func trailersOnly() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.trailersOnly)
            _ = try stream.send([1], ending: true, deadline: .farAway)
            #expect(try stream.receiveAll().isEmpty)
            #expect(stream[header: "grpc-message"] == "no such thing")
            #expect(stream.trailers.isEmpty)
        }
    }

    @Test func informationalResponsesAreSkipped() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.informs)
            _ = try stream.send([1], ending: true, deadline: .farAway)
            #expect(try stream.receiveAll().isEmpty)
            #expect(stream.headers.filter { $0.name == ":status" }.map(\.value) == ["200"])
            #expect(stream[trailer: "count"] == "1")
        }
    }

    @Test func anEarlyAnswerEndsTheUpload() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start(window: 1000))
            let stream = try connection.open(.early)
            let payload = seededBytes(1_000_000, seed: 1)
            var goesOn = true
            while goesOn {
                goesOn = try payload.withUnsafeBytes {
                    try stream.send([], $0, ending: false, deadline: .farAway)
                }
            }
            #expect(try stream.receiveAll() == Array("early".utf8))
            #expect(stream[trailer: "grpc-status"] == "0")
            // The connection is as good as before.
            let next = try connection.open(.echo)
            _ = try next.send([1], ending: true, deadline: .farAway)
            #expect(try next.receiveAll() == [1])
        }
    }

    @Test func aResetStreamIsAnError() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.reset)
            _ = try stream.send([1], ending: false, deadline: .farAway)
            #expect(failure { () throws(HTTP2Error) in _ = try stream.receiveAll() } == .reset(code: 2))
            let next = try connection.open(.echo)
            _ = try next.send([1], ending: true, deadline: .farAway)
            #expect(try next.receiveAll() == [1])
        }
    }

    @Test func aFarewellLetsTheAnswerThrough() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.goAway)
            _ = try stream.send([1], ending: true, deadline: .farAway)
            #expect(try stream.receiveAll() == [1])
            #expect(connection.isSpent)
            #expect(
                failure { () throws(HTTP2Error) in _ = try connection.open(.echo) }
                    == .goingAway(code: 0, reason: "maintenance"))
        }
    }

    @Test func aRefusedStreamIsAnError() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.refuse)
            _ = try stream.send([1], ending: false, deadline: .farAway)
            let error = failure { () throws(HTTP2Error) in _ = try stream.receiveAll() }
            #expect(error == .reset(code: 7))
        }
    }

    @Test func aLostConnectionIsAnError() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.hangUp)
            let error = failure { () throws(HTTP2Error) in
                _ = try stream.send([1], ending: false, deadline: .farAway)
                _ = try stream.receiveAll()
            }
            #expect(error == .connectionLost)
            #expect(connection.isSpent)
            #expect(failure { () throws(HTTP2Error) in _ = try connection.open(.echo) } == .connectionLost)
        }
    }
}
