import Glibc
import HTTP2
import SystemPackage
import TestSupport
import Testing
import Threads

/// Servers that hang, lie, or speak something else.
@Suite struct HostileServerTests {
    /// What the exchange that `body` begins comes to.
    private static func outcome(_ connection: HTTP2Connection) -> HTTP2Error? {
        do throws(HTTP2Error) {
            let stream = try connection.open(.echo)
            _ = try stream.send([1], ending: true, deadline: .farAway)
            _ = try stream.receiveAll()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail.example.com ESMTP\r\n",
        String(repeating: "\u{0}", count: 1000), String(repeating: "\u{7F}", count: 100_000),
    ])
    func otherProtocolsAreNamed(text: String) async throws {
        await onThread("http2-test") {
            let (client, server) = TestSocket.pair()
            TestSocket.answer(on: server, with: Array(text.utf8))
            let error = Result { try HTTP2Connection(owning: client) }.map(Self.outcome)
            guard case .success(.protocolViolation(let reason)) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!reason.isEmpty)
        }
    }

    /// Real frames with a byte changed, and cut after any length: an answer or an error, never a crash or a hang.
    @Test func damagedFrames() async throws {
        let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
        let headers: [UInt8] = [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88]
        let data: [UInt8] = [0, 0, 3, 0, 1, 0, 0, 0, 1, 7, 8, 9]
        let good = settings + headers + data
        var variants = (0..<good.count).map { Array(good[..<$0]) }
        for index in good.indices {
            for bit in 0..<8 {
                variants.append(good)
                variants[variants.count - 1][index] ^= 1 << bit
            }
        }
        for frames in variants {
            await onThread("http2-test") {
                let (client, server) = TestSocket.pair()
                TestSocket.answer(on: server, with: frames)
                let result = Result { try HTTP2Connection(owning: client) }.map(Self.outcome)
                guard case .success = result else {
                    Issue.record("\(result)")
                    return
                }
            }
        }
    }

    @Test func tooManyHeadersAreRefused() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start())
            let stream = try connection.open(.manyHeaders)
            #expect(throws: HTTP2Error.self) {
                _ = try stream.send([1], ending: true, deadline: .farAway)
                _ = try stream.receiveAll()
            }
        }
    }

    @Test func aSilentServerMeetsTheDeadline() async throws {
        try await onThread("http2-test") { () throws in
            let (client, server) = TestSocket.pair()
            defer { close(server) }
            let stream = try HTTP2Connection(owning: client).open(.echo)
            #expect(throws: HTTP2Error.deadlineExceeded) {
                _ = try stream.send([1], ending: true, deadline: .now + .milliseconds(50))
                _ = try stream.receive(deadline: .now + .milliseconds(50))
            }
        }
    }

    /// The half-sent frame is finished from a copy, so the connection goes on and the caller's bytes may go.
    @Test func aStalledUploadMeetsTheDeadlineAndSparesTheConnection() async throws {
        try await onThread("http2-test") { () throws in
            let connection = try HTTP2Connection(owning: PeerServer.start(window: 20_000))
            // With the first answer the small window is known; what is stalled doesn't use up the connection's.
            #expect(Self.outcome(connection) == nil)
            for _ in 0..<2 {
                let stream = try connection.open(.stall)
                let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
                payload.initializeMemory(as: UInt8.self, repeating: 1)
                #expect(throws: HTTP2Error.deadlineExceeded) {
                    _ = try stream.send(
                        [], UnsafeRawBufferPointer(payload), ending: false, deadline: .now + .milliseconds(50))
                }
                payload.deallocate()
            }
            let next = try connection.open(.echo)
            let bytes = seededBytes(10_000, seed: 1)
            _ = try bytes.withUnsafeBytes { try next.send([], $0, ending: true, deadline: .farAway) }
            #expect(try next.receiveAll() == bytes)
        }
    }

    /// The socket's buffer is full in the middle of a frame when the caller gives up and takes his bytes back: the
    /// frame is finished from a copy, and the connection goes on.
    @Test func aFullSocketMeetsTheDeadlineAndSparesTheConnection() async throws {
        try await onThread("http2-test") { () throws in
            let gate = Monitor(false)
            let connection = try HTTP2Connection(owning: PeerServer.start(window: 32 << 20, gate: gate))
            #expect(Self.outcome(connection) == nil)
            let stream = try connection.open(.hold)
            let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 20, alignment: 1)
            payload.initializeMemory(as: UInt8.self, repeating: 1)
            #expect(throws: HTTP2Error.deadlineExceeded) {
                _ = try stream.send(
                    [], UnsafeRawBufferPointer(payload), ending: true, deadline: .now + .milliseconds(100))
            }
            payload.initializeMemory(as: UInt8.self, repeating: 2)
            payload.deallocate()
            gate.update { $0 = true }
            let next = try connection.open(.echo)
            _ = try next.send([5], ending: true, deadline: .farAway)
            #expect(try next.receiveAll() == [5])
            #expect(next[trailer: "held-were-ones"] == "true")
        }
    }

    @Test func cancellationWakesWhoWaits() async throws {
        try await onThread("http2-test") { () throws in
            let (client, server) = TestSocket.pair()
            let cancellation = Cancellation()
            let connection = try HTTP2Connection(owning: client, cancellation: cancellation)
            let stream = try connection.open(.echo)
            OSThread.spawn(name: "canceller") {
                // The request has arrived: the client has nothing more to do than to wait.
                var bytes = [UInt8](repeating: 0, count: 1024)
                _ = recv(server, &bytes, bytes.count, 0)
                cancellation.cancel()
            }
            #expect(throws: HTTP2Error.cancelled) {
                _ = try stream.send([1], ending: true, deadline: .farAway)
                _ = try stream.receive(deadline: .farAway)
            }
            #expect(cancellation.isCancelled)
            close(server)
        }
    }

    @Test func whyThereIsNoConnection() async throws {
        await onThread("http2-test") {
            let folder = TemporaryDirectory()
            func outcome(_ path: FilePath) -> HTTP2Error? {
                do throws(HTTP2Error) {
                    _ = try HTTP2Connection(socket: path, deadline: .farAway)
                    return nil
                } catch {
                    return error
                }
            }
            let missing = folder.file("missing")
            #expect(outcome(missing) == .unreachable(path: missing, errno: .noSuchFileOrDirectory))
            let dead = folder.file("dead")
            close(TestSocket.listen(at: dead))
            #expect(outcome(dead) == .unreachable(path: dead, errno: .connectionRefused))
            let long = folder.file(String(repeating: "x", count: 110))
            #expect(outcome(long) == .pathTooLong(path: long))
        }
    }

    /// More wait to be accepted than the server lets in: the connection is asked for again until the deadline.
    @Test func aFullQueueMeetsTheDeadline() async throws {
        await onThread("http2-test") {
            let folder = TemporaryDirectory()
            let listener = TestSocket.listen(at: folder.file("socket"), backlog: 0)
            let first = TestSocket.connect(to: folder.file("socket"))
            #expect(throws: HTTP2Error.deadlineExceeded) {
                while true {
                    let deadline = ContinuousClock.now + .milliseconds(50)
                    let connection = try HTTP2Connection(socket: folder.file("socket"), deadline: deadline)
                    #expect(connection.isSpent)
                }
            }
            close(first)
            close(listener)
        }
    }
}
