import Containerd
import Glibc
import SystemPackage
import TestSupport
import Testing
import Threads

/// Frames of a server, with field sections that use no compression.
private enum Frame {
    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream]
            + payload
    }

    static let settings = frame(4, 0, 0, [])

    static func headers(_ fields: [(String, String)], ends: Bool = false) -> [UInt8] {
        var section: [UInt8] = []
        for (name, value) in fields {
            section += [0, UInt8(name.utf8.count)] + Array(name.utf8)
            section += [UInt8(value.utf8.count)] + Array(value.utf8)
        }
        return frame(1, ends ? 5 : 4, 1, section)
    }

    static func data(_ bytes: [UInt8], ends: Bool = false) -> [UInt8] { frame(0, ends ? 1 : 0, 1, bytes) }

    static let head = headers([(":status", "200"), ("content-type", "application/grpc")])

    static func status(_ code: Int, _ message: String = "") -> [UInt8] {
        headers([("grpc-status", "\(code)"), ("grpc-message", message)], ends: true)
    }

    static func message(_ bytes: [UInt8]) -> [UInt8] { data([0, 0, 0, 0, UInt8(bytes.count)] + bytes) }
}

/// One answer of a server, and what is to be made of it.
struct Answer: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    var kind: ContainerdError.Kind
    /// Part of the message.
    var message: String

    init(_ name: String, _ frames: [UInt8]..., kind: ContainerdError.Kind, _ message: String) {
        testDescription = name
        bytes = Frame.settings + frames.flatMap { $0 }
        self.kind = kind
        self.message = message
    }

    /// Without the settings that an HTTP/2 server begins with.
    init(raw name: String, _ bytes: [UInt8], kind: ContainerdError.Kind, _ message: String) {
        self.init(name, kind: kind, message)
        self.bytes = bytes
    }

    private static let version = Frame.message([0x0A, 0x01, 0x31, 0x12, 0x01, 0x32])

    static let all: [Answer] = [
        Answer("trailers only", onlyStatus(5, "no%20such%20thing"), kind: .notFound, "no such thing"),
        Answer("trailers", Frame.head, Frame.status(9, "100%25"), kind: .failedPrecondition, "100%"),
        Answer("status after a message", Frame.head, version, Frame.status(13), kind: .other(code: 13), ""),
        Answer("unauthenticated", onlyStatus(16, "who?"), kind: .permissionDenied, "who?"),
        Answer("unimplemented", onlyStatus(12, "what?"), kind: .unimplemented, "what?"),
        Answer("draining", onlyStatus(14, "going"), kind: .unavailable, "going"),
        Answer("no status", Frame.head, version, Frame.data([], ends: true), kind: .notContainerd, "no status"),
        Answer(
            "a status that is none", Frame.head, Frame.headers([("grpc-status", "x")], ends: true),
            kind: .notContainerd, "no status"),
        Answer("no message", Frame.head, Frame.status(0), kind: .notContainerd, "no message"),
        Answer("two messages", Frame.head, version, version, Frame.status(0), kind: .notContainerd, "two messages"),
        Answer(
            "half a message", Frame.head, Frame.data([0, 0, 0, 0, 9, 1]), Frame.status(0),
            kind: .notContainerd, "inside a message"),
        Answer(
            "a compressed message", Frame.head, Frame.data([1, 0, 0, 0, 0]), Frame.status(0),
            kind: .notContainerd, "compressed"),
        Answer("a huge message", Frame.head, Frame.data([0, 1, 0, 0, 1]), kind: .notContainerd, "16777217 bytes"),
        Answer("not protobuf", Frame.head, Frame.message([0xFF]), Frame.status(0), kind: .notContainerd, "number"),
        Answer(
            "a number for a text", Frame.head, Frame.message([8, 1]), Frame.status(0),
            kind: .notContainerd, "bytes are expected"),
        Answer("HTTP 404", Frame.headers([(":status", "404")], ends: true), kind: .notContainerd, "status 404"),
        Answer("HTTP 403", Frame.headers([(":status", "403")], ends: true), kind: .permissionDenied, "status 403"),
        Answer("HTTP 503", Frame.headers([(":status", "503")], ends: true), kind: .unavailable, "status 503"),
        Answer(
            "a web page", Frame.headers([(":status", "200"), ("content-type", "text/html")]), Frame.data([1, 2, 3]),
            kind: .notContainerd, "text/html"),
        Answer("reset", Frame.head, Frame.frame(3, 0, 1, [0, 0, 0, 2]), kind: .other(code: 13), "INTERNAL_ERROR"),
        Answer("refused", Frame.frame(3, 0, 1, [0, 0, 0, 7]), kind: .unavailable, "REFUSED_STREAM"),
        Answer("lost", Frame.head, kind: .unavailable, "closed the connection"),
        Answer("text", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), kind: .notContainerd, "HTTP/2"),
        Answer(raw: "HTTP/1.1", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), kind: .notContainerd, "HTTP/2"),
        Answer(raw: "nothing", [], kind: .unavailable, "closed the connection"),
    ]

    private static func onlyStatus(_ code: Int, _ message: String) -> [UInt8] {
        Frame.headers(
            [
                (":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "\(code)"),
                ("grpc-message", message),
            ], ends: true)
    }
}

@Suite struct FailureTests {
    private static func failure(at socket: FilePath, timeout: Duration = .seconds(60)) -> ContainerdError? {
        do throws(ContainerdError) {
            _ = try ContainerdConnection(socket: socket, namespace: "test", timeout: timeout).version()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: Answer.all)
    func everyAnswerIsUnderstood(answer: Answer) async throws {
        let error = await onThread("failure-test") {
            let folder = TemporaryDirectory()
            TestSocket.answer(at: folder.file("socket"), with: answer.bytes)
            return Self.failure(at: folder.file("socket"))
        }
        #expect(error?.kind == answer.kind)
        #expect(error?.message.contains(answer.message) == true)
        #expect(error?.call == "containerd.services.version.v1.Version/Version")
    }

    @Test func aGoodAnswerIsTaken() async throws {
        let error = await onThread("failure-test") {
            let folder = TemporaryDirectory()
            let good = Frame.head + Frame.message([0x0A, 0x01, 0x31]) + Frame.status(0)
            TestSocket.answer(at: folder.file("socket"), with: Frame.settings + good)
            return Self.failure(at: folder.file("socket"))
        }
        #expect(error == nil)
    }

    @Test func theSocketIsMissing() async {
        let error = await onThread("failure-test") { Self.failure(at: "/nonexistent/containerd.sock") }
        #expect(error?.kind == .unavailable)
        #expect(
            error?.description
                == "can't connect to containerd at /nonexistent/containerd.sock: No such file or directory")
        #expect(error?.hint == "is containerd running, and is this its socket?")
    }

    @Test func theSocketsPathIsTooLong() async {
        let path = FilePath("/" + String(repeating: "x", count: 108))
        let error = await onThread("failure-test") { Self.failure(at: path) }
        #expect(error?.kind == .invalidArgument)
        #expect(
            error?.description
                == "can't connect to containerd at \(path): the path of a unix socket has at most 107 bytes")
    }

    @Test func theServerHangs() async {
        let error = await onThread("failure-test") {
            let folder = TemporaryDirectory()
            let listener = TestSocket.listen(at: folder.file("socket"))
            defer { close(listener) }
            return Self.failure(at: folder.file("socket"), timeout: .milliseconds(50))
        }
        #expect(error?.kind == .deadlineExceeded)
        #expect(error?.hint?.hasPrefix("containerd hangs") == true)
    }

    @Test func namesThatCannotBeSent() async {
        let error = await onThread("failure-test") { () -> ContainerdError? in
            let folder = TemporaryDirectory()
            let listener = TestSocket.listen(at: folder.file("socket"))
            defer { close(listener) }
            do throws(ContainerdError) {
                let connection = try ContainerdConnection(socket: folder.file("socket"), namespace: "a\r\nb")
                _ = try connection.version()
                return nil
            } catch {
                return error
            }
        }
        #expect(error?.kind == .invalidArgument)
    }
}
