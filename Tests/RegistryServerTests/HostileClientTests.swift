import BundleFormat
import FoundationEssentials
import Glibc
import HTTP
import HostileBundles
import OCI
import RegistryServer
import SystemPackage
import TestSupport
import Testing
import Threads

/// What clients do that are broken, slow or wicked; the server goes on for the others.
@Suite struct HostileClientTests {
    /// Sends bytes as they are and reads until the server closes; on a thread of its own.
    private func exchange(_ server: BundleServer, _ bytes: [UInt8], readsNothing: Bool = false) async -> [UInt8] {
        let port = Int(server.address.split(separator: ":").last ?? "") ?? 0
        return await onThread("client") {
            let descriptor = connect(to: port)
            defer { close(descriptor) }
            _ = TestSocket.send(bytes[...], to: descriptor)
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return answer }
                answer += buffer[..<count]
            }
        }
    }

    private func isWell(_ server: BundleServer) async throws -> Bool {
        try await Client(server).send("/v2/").response.status == 200
    }

    private func expectWell(_ server: BundleServer) async throws {
        let isWell = try await isWell(server)
        #expect(isWell)
    }

    @Test(arguments: [
        "GARBAGE\r\n\r\n", "GET /v2/ HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /v2/%zz/manifests/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /v2/%00/manifests/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ])
    func whatIsNoRequestIsRefused(_ text: String) async throws {
        try await serving(try SampleBundle()) { server, _ in
            let answer = String(decoding: await exchange(server, Array(text.utf8)), as: UTF8.self)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.0 400"), "\(answer)")
            try await expectWell(server)
        }
    }

    @Test func nothingAskedBecomesAHeaderOfTheAnswer() async throws {
        try await serving(try SampleBundle()) { server, _ in
            for host in ["a%0d%0aX-Evil:%201", "a%3E;%20rel=%22x", "docker.io"] {
                let text = "GET /v2/_catalog?n=1&ns=\(host) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                let answer = String(decoding: await exchange(server, Array(text.utf8)), as: UTF8.self)
                #expect(["200", "400"].contains { answer.hasPrefix("HTTP/1.1 \($0)") }, "\(answer)")
                #expect(!answer.contains("X-Evil") && !answer.contains("rel=\"x"), "\(answer)")
                #expect(answer.contains("&ns=docker.io>") == (host == "docker.io"), "\(answer)")
            }
        }
    }

    @Test func hugeHeadersAndAddressesAreRefused() async throws {
        try await serving(try SampleBundle()) { server, _ in
            let filler = String(repeating: "a", count: 1 << 20)
            for text in [
                "GET /v2/ HTTP/1.1\r\nX-Filler: \(filler)\r\n\r\n", "GET /v2/\(filler) HTTP/1.1\r\n\r\n",
                "GET /v2/\(filler.prefix(8000))/tags/list HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            ] {
                let answer = String(decoding: await exchange(server, Array(text.utf8)), as: UTF8.self)
                #expect(!answer.contains(" 200 "), "\(answer.prefix(200))")
            }
            try await expectWell(server)
        }
    }

    @Test func whoNeverEndsItsRequestIsCutOff() async throws {
        var limits = BundleServer.Limits()
        limits.request = .milliseconds(200)
        try await serving(try SampleBundle(), limits: limits) { server, _ in
            // Returns at all: the server ends it.
            let answer = await exchange(server, Array("GET /v2/ HTTP/1.1\r\nX-Slow: ".utf8))
            #expect(answer.isEmpty)
            #expect(await exchange(server, []).isEmpty)
            try await expectWell(server)
        }
    }

    @Test func requestsInARowAreAnsweredInTheirOrder() async throws {
        let sample = try SampleBundle()
        let layer = sample.images[2].manifests[0].value.layers[2]
        try await serving(sample) { server, _ in
            let blob = "GET /v2/registry.example/team/web/blobs/\(layer.digest) HTTP/1.1\r\nHost: x\r\n"
            let text = "\(blob)\r\nHEAD /v2/ HTTP/1.1\r\nHost: x\r\n\r\n\(blob)Connection: close\r\n\r\n"
            let answer = await exchange(server, Array(text.utf8))
            #expect(answer.count > 2 * Int(layer.size))
            #expect(answer.suffix(Int(layer.size)).elementsEqual(sample.images[2].bytes(of: layer)))
        }
    }

    @Test func manyClientsAtOnceGetWhatTheyAskFor() async throws {
        let sample = try SampleBundle()
        let image = sample.images[2]
        try await serving(sample) { server, _ in
            let client = Client(server)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<48 {
                    let layer = image.manifests[0].value.layers[index % 3]
                    group.addTask {
                        let answer = try await client.send("/v2/registry.example/team/web/blobs/\(layer.digest)")
                        return answer.body == image.bytes(of: layer)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    /// A sound frame with other content, as somebody who can write the archive could make it.
    @Test func wrongBytesAreNeverServedWhole() async throws {
        let sample = try SampleBundle()
        let layer = sample.images[2].manifests[0].value.layers[2]
        try await serving(
            sample,
            prepare: { path in
                // Behind the reader's back, once it has read the tables.
                let file = try FileDescriptor.open(path, .readWrite)
                try file.closeAfter {
                    let size = try file.seek(offset: 0, from: .end)
                    _ = try file.writeAll(toAbsoluteOffset: size / 3, [0x55, 0xAA, 0x55])
                }
            }
        ) { server, _ in
            let client = Client(server)
            await #expect(throws: HTTPError.self) {
                _ = try await client.send("/v2/registry.example/team/web/blobs/\(layer.digest)")
            }
            try await expectWell(server)
        }
    }

    @Test func stoppingCutsWhoIsThere() async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("sample.tar.zst")
        try SampleBundle().write(to: path)
        let served = try ServedBundle(BundleReader(opening: path))
        let server = try await BundleServer.start(served, host: "127.0.0.1", port: 0)
        let address = server.address
        async let waiting = exchange(server, Array("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        while try await !isWell(server) {}
        try await server.stop()
        #expect(await waiting.count >= 0)
        // The port is free again.
        let port = Int(address.split(separator: ":").last ?? "") ?? 0
        let next = try await BundleServer.start(served, host: "127.0.0.1", port: port)
        #expect(next.address == address)
        await #expect(throws: ServerError.self) {
            _ = try await BundleServer.start(served, host: "127.0.0.1", port: port)
        }
        try await next.stop()
    }
}

private func connect(to port: Int) -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | UInt32(SOCK_CLOEXEC.rawValue)), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, length) }
    }
    return descriptor
}
