import FoundationEssentials
import Glibc
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing
import Threads

/// Downloads from a server that does everything wrong that servers do.
@Suite struct DownloadTests {
    static let content = seededBytes(300_000, seed: 3)
    static let blob = Descriptor(
        mediaType: .ociLayer, digest: .of(.init(content)), size: Int64(content.count))

    /// Downloads the blob; what the file holds afterwards is checked.
    private func download(
        from server: FaultyServer, startingWith prefix: [UInt8] = [], sleeps: Sleeps = Sleeps()
    ) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("blob")
        if !prefix.isEmpty { try write(prefix, to: path) }
        let progress = Progress()
        try await testClient(sleeps: sleeps).download(
            Self.blob, of: try reference("127.0.0.1:\(server.port)"), to: path
        ) { progress.add($0) }
        #expect(try contents(of: path) == Self.content)
        #expect(progress.sum == Self.blob.size)
    }

    /// A server that cuts the connection after `count` bytes of each answer.
    private func cuttingServer(after count: Int, servesRanges: Bool = true, cuts: Int = .max) -> FaultyServer {
        let left = Lock(cuts)
        return FaultyServer { request, connection in
            let start = servesRanges ? request.rangeStart ?? 0 : 0
            let rest = Array(Self.content[start...])
            let isCut = left.withLock { left in
                left -= 1
                return left >= 0
            }
            if start > 0 {
                let range = "bytes \(start)-\(Self.content.count - 1)/\(Self.content.count)"
                connection.head(206, ["Content-Length": "\(rest.count)", "Content-Range": range])
            } else {
                connection.head(200, ["Content-Length": "\(rest.count)"])
            }
            connection.send(isCut ? Array(rest.prefix(count)) : rest)
        }
    }

    @Test func goesOnWhereTheStreamWasCut() async throws {
        let server = cuttingServer(after: 100_000, cuts: 2)
        let sleeps = Sleeps()
        try await download(from: server, sleeps: sleeps)
        #expect(server.requests.map(\.rangeStart) == [nil, 100_000, 200_000])
        #expect(sleeps.all.count == 2)
    }

    @Test func startsOverWhenTheServerIgnoresRanges() async throws {
        try await download(from: cuttingServer(after: 100_000, servesRanges: false, cuts: 2))
    }

    @Test func goesOnAcrossRuns() async throws {
        let server = FaultyServer { $1.serve(Self.content, to: $0) }
        try await download(from: server, startingWith: Array(Self.content.prefix(250_000)))
        #expect(server.requests.map(\.rangeStart) == [250_000])
    }

    @Test func asksForNothingWhenEverythingIsThere() async throws {
        let server = FaultyServer { $1.answer(500) }
        try await download(from: server, startingWith: Self.content)
        #expect(server.requests.isEmpty)
    }

    @Test(arguments: [299_999, 300_000, 1000, 300_001])
    func fetchesAnewWhenTheEarlierPartIsWrong(_ count: Int) async throws {
        let server = FaultyServer { $1.serve(Self.content, to: $0) }
        try await download(from: server, startingWith: [UInt8](repeating: 7, count: count))
        #expect(server.requests.last?.rangeStart == nil)
    }

    @Test func fetchesAnewWhenTheRangeIsRefused() async throws {
        let server = FaultyServer { request, connection in
            if request.rangeStart != nil { connection.answer(416) } else { connection.answer(200, body: Self.content) }
        }
        try await download(from: server, startingWith: Array(Self.content.prefix(10)))
        #expect(server.requests.count == 2)
    }

    @Test(arguments: ["bytes 5-299999/300000", "bytes 11-299999/300000", "bytes */300000", "", "bytes 10-9/300000"])
    func refusesAPartThatItDidNotAskFor(_ range: String) async throws {
        let server = FaultyServer { $1.answer(206, ["Content-Range": range], body: Array(Self.content[10...])) }
        let error = await registryError {
            try await download(from: server, startingWith: Array(Self.content.prefix(10)))
        }
        guard case .malformedAnswer = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func keepsWhatItHasWhenItGivesUp() async throws {
        let server = cuttingServer(after: 30_000)
        let folder = TemporaryDirectory()
        let path = folder.file("blob")
        let error = await registryError {
            try await testClient().download(Self.blob, of: try reference("127.0.0.1:\(server.port)"), to: path) { _ in }
        }
        guard case .interrupted = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 5)
        #expect(try contents(of: path) == Array(Self.content.prefix(150_000)))
    }

    @Test func removesWhatIsProvenWrong() async throws {
        let server = FaultyServer { $1.answer(200, body: seededBytes(300_000, seed: 4)) }
        let folder = TemporaryDirectory()
        let error = await registryError {
            try await testClient().download(
                Self.blob, of: try reference("127.0.0.1:\(server.port)"), to: folder.file("blob")
            ) { _ in }
        }
        #expect(error?.category == .corrupted)
        #expect(!exists(folder.file("blob")))
        #expect(server.requests.count == 1)
    }

    @Test func endsAnEndlessBodyAtTheBlobsSize() async throws {
        let server = FaultyServer { _, connection in
            connection.head(200)
            while connection.send([UInt8](repeating: 65, count: 4096)) {}
        }
        let error = await registryError { try await download(from: server) }
        #expect(error?.category == .tooLarge || error?.category == .corrupted)
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [1, 299_999, 300_001])
    func refusesAContentLengthThatIsNotTheBlobs(_ length: Int) async throws {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "\(length)"])
            connection.send(Array(Self.content.prefix(length)))
        }
        let error = await registryError { try await download(from: server) }
        #expect(error?.category == .corrupted || error?.category == .tooLarge)
    }

    @Test(arguments: [(429, "7"), (503, "7"), (503, "Fri, 01 Jan 2100 00:00:00 GMT"), (500, ""), (408, "")])
    func waitsAndRetries(_ status: Int, _ retryAfter: String) async throws {
        let first = Lock(true)
        let server = FaultyServer { request, connection in
            let isFirst = first.withLock { first in
                defer { first = false }
                return first
            }
            if isFirst { return connection.answer(status, retryAfter.isEmpty ? [:] : ["Retry-After": retryAfter]) }
            connection.serve(Self.content, to: request)
        }
        let sleeps = Sleeps()
        try await download(from: server, sleeps: sleeps)
        switch retryAfter {
        case "": #expect(sleeps.all.count == 1 && sleeps.all.allSatisfy { $0 <= .milliseconds(500) })
        case "7": #expect(sleeps.all == [.seconds(7)])
        default: #expect(sleeps.all == [.seconds(60)])
        }
    }

    @Test(arguments: [400, 403, 404, 405, 410])
    func doesNotRetryWhatWillNotChange(_ status: Int) async throws {
        let server = FaultyServer { $1.answer(status) }
        let error = await registryError { try await download(from: server) }
        #expect(error != nil)
        #expect(server.requests.count == 1)
    }

    @Test func cancellationLeavesThePartForTheNextRun() async throws {
        let server = FaultyServer { _, connection in
            connection.head(200, ["Content-Length": "300000"])
            connection.send(Array(Self.content.prefix(1000)))
            connection.waitForClose()
        }
        let folder = TemporaryDirectory()
        let path = folder.file("blob")
        let name = try reference("127.0.0.1:\(server.port)")
        let started = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await testClient().download(Self.blob, of: name, to: path) { _ in started.continuation.yield() }
        }
        for await _ in started.stream { break }
        task.cancel()
        await #expect(throws: RegistryError.cancelled) { try await task.value }
        #expect(try contents(of: path) == Array(Self.content.prefix(1000)))
    }

    @Test(.enabled(if: exists("/dev/full"), "there is no /dev/full")) func saysThatTheDiskIsFull() async throws {
        // A download sets the mode of its file, and root's tests that of the host's device.
        var device = stat()
        #expect(stat("/dev/full", &device) == 0)
        defer { chmod("/dev/full", device.st_mode & 0o7777) }
        let server = FaultyServer { $1.serve(Self.content, to: $0) }
        let error = await registryError {
            try await testClient().download(
                Self.blob, of: try reference("127.0.0.1:\(server.port)"), to: "/dev/full"
            ) { _ in }
        }
        #expect(error?.category == .diskFull)
    }

    @Test func anEmptyBlobNeedsNoRequest() async throws {
        let server = FaultyServer { $1.answer(500) }
        let folder = TemporaryDirectory()
        let empty = Descriptor(mediaType: .ociLayer, digest: .of(.init()), size: 0)
        try await testClient().download(
            empty, of: try reference("127.0.0.1:\(server.port)"), to: folder.file("blob")
        ) { _ in }
        #expect(try contents(of: folder.file("blob")).isEmpty)
    }
}
