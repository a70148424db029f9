import Containerd
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

let containerdNeed: Comment = "needs root, setpriv and containerd"

extension ContainerdDaemon {
    /// Runs `body`, which may block, with a connection to a fresh containerd.
    static func connected<Value: Sendable>(
        to program: String, _ body: @escaping @Sendable (ContainerdConnection) throws -> Value
    ) async throws -> Value {
        try await with(program: program) { socket in
            try await onThread("containerd-test") { try body(connection(socket)) }
        }
    }

    static func connection(_ socket: FilePath) throws -> ContainerdConnection {
        let connection = try ContainerdConnection(socket: socket, namespace: "sealift-test")
        try connection.createNamespace(connection.namespace)
        return connection
    }
}

extension ContainerdConnection {
    /// Writes the whole of `bytes`.
    @discardableResult
    func write(
        _ bytes: [UInt8], reference: String, labels: [String: String] = [:], piece: Int = 300_000
    ) throws -> (Descriptor, WriteOutcome) {
        let descriptor = Descriptor(mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
        let outcome = try write(descriptor, reference: reference, labels: labels) { writer in
            try bytes.withUnsafeBytes { bytes in
                while writer.offset < bytes.count {
                    let rest = bytes.dropFirst(Int(writer.offset)).prefix(piece)
                    try writer.write(UnsafeRawBufferPointer(rebasing: rest))
                }
            }
        }
        return (descriptor, outcome)
    }
}

/// A test failed in a way that it made itself.
struct Intended: Error {}

@Suite(.enabled(if: ContainerdDaemon.isUsable, containerdNeed))
struct ContentTests {
    @Test(arguments: ContainerdDaemon.programs)
    func versionAndNamespaces(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let (version, _) = try connection.version()
            #expect(version.contains { $0.isNumber })
            try connection.createNamespace("sealift-test")
            try connection.createNamespace("another")
            let names = try connection.namespaces()
            #expect(Set(names).isSuperset(of: ["another", "sealift-test"]))
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func writesReadsLabelsAndDeletes(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let bytes = seededBytes(3_500_000, seed: 7)
            let labels = ["sealift.test/one": "1", "sealift.test/two": "2"]
            let (descriptor, outcome) = try connection.write(bytes, reference: "first", labels: labels)
            #expect(outcome == .written)
            let expected = ContentInfo(digest: descriptor.digest, size: descriptor.size, labels: labels)
            #expect(try connection.content(descriptor.digest) == expected)
            #expect(try connection.contents() == [expected])
            #expect(try connection.contents(filters: ["labels.\"sealift.test/one\"==2"]).isEmpty)
            #expect(try connection.read(descriptor.digest, limit: bytes.count) == bytes)
            #expect(throws: ContainerdError.self) {
                try connection.read(descriptor.digest, limit: bytes.count - 1)
            }
            try connection.setLabels(["sealift.test/one": nil, "sealift.test/three": "3"], of: descriptor.digest)
            #expect(
                try connection.content(descriptor.digest)?.labels
                    == ["sealift.test/two": "2", "sealift.test/three": "3"])
            #expect(try connection.write(bytes, reference: "second").1 == .alreadyThere)
            #expect(try connection.ingests().isEmpty)
            try connection.deleteContent(descriptor.digest)
            #expect(try connection.content(descriptor.digest) == nil)
            #expect(try connection.contents().isEmpty)
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func writesNothingAtAll(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let (descriptor, outcome) = try connection.write([], reference: "empty")
            #expect(outcome == .written)
            #expect(try connection.content(descriptor.digest)?.size == 0)
            #expect(try connection.read(descriptor.digest, limit: 0).isEmpty)
        }
    }
}
