import Containerd
import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@Suite(.enabled(if: ContainerdDaemon.isUsable, containerdNeed))
struct WriteTests {
    @Test(arguments: ContainerdDaemon.programs)
    func refusesOtherBytes(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let bytes = seededBytes(100_000, seed: 1)
            let wrong = Descriptor(mediaType: .ociLayer, digest: .of(Data("other".utf8)), size: Int64(bytes.count))
            let error = #expect(throws: ContainerdError.self) {
                try connection.write(wrong, reference: "wrong") { writer in
                    try bytes.withUnsafeBytes { try writer.write($0) }
                }
            }
            #expect(error?.kind == .contentMismatch)
            // containerd's own words: both digests.
            #expect(error?.message.contains(wrong.digest.description) == true)
            #expect(error?.message.contains(Digest.of(Data(bytes)).description) == true)
            #expect(try connection.ingests().isEmpty)
            #expect(try connection.contents().isEmpty)
            #expect(try connection.write(bytes, reference: "wrong").1 == .written)
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func refusesOtherSizes(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let bytes = seededBytes(100_000, seed: 1)
            for size in [bytes.count - 1, bytes.count + 1] {
                let wrong = Descriptor(mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(size))
                let error = #expect(throws: ContainerdError.self) {
                    try connection.write(wrong, reference: "wrong") { writer in
                        try bytes.withUnsafeBytes { try writer.write($0) }
                    }
                }
                #expect(error?.kind == .contentMismatch)
                #expect(try connection.ingests().isEmpty)
            }
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func leavesNothingWhenTheSourceFails(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let bytes = seededBytes(3_000_000, seed: 2)
            let descriptor = Descriptor(mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
            #expect(throws: Intended.self) {
                try connection.write(descriptor, reference: "broken") { writer in
                    try bytes.withUnsafeBytes {
                        try writer.write(UnsafeRawBufferPointer(rebasing: $0.prefix(2_000_000)))
                    }
                    // Other calls work meanwhile.
                    #expect(try connection.content(descriptor.digest) == nil)
                    throw Intended()
                }
            }
            #expect(try connection.ingests().isEmpty)
            #expect(try connection.write(bytes, reference: "broken").1 == .written)
        }
    }

    /// More than the 75 to 90 MB after which a client that counts PINGs gives up.
    @Test(arguments: ContainerdDaemon.programs)
    func writesABlobOfMoreThan200MB(program: String) async throws {
        try await ContainerdDaemon.connected(to: program) { connection throws in
            let piece = seededBytes(8 << 20, seed: 3)
            let count = 27
            var hasher = DigestHasher()
            for _ in 0..<count { piece.withUnsafeBytes { hasher.update($0) } }
            let descriptor = Descriptor(
                mediaType: .ociLayer, digest: hasher.digest(), size: Int64(count * piece.count))
            let outcome = try connection.write(descriptor, reference: "large") { writer in
                for _ in 0..<count { try piece.withUnsafeBytes { try writer.write($0) } }
            }
            #expect(outcome == .written)
            #expect(try connection.content(descriptor.digest)?.size == descriptor.size)
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func resumesWhereTheConnectionWasLost(program: String) async throws {
        try await ContainerdDaemon.with(program: program) { socket in
            try await onThread("containerd-test") {
                let folder = TemporaryDirectory()
                let relay = CuttingRelay(from: folder.file("socket"), to: socket, limit: 5_000_000)
                let bytes = seededBytes(9_000_000, seed: 4)
                let first = try ContainerdDaemon.connection(relay.path)
                let error = #expect(throws: ContainerdError.self) { try first.write(bytes, reference: "part") }
                #expect(error?.kind == .unavailable)

                let second = try ContainerdDaemon.connection(socket)
                let left = try #require(try second.ingest("part"))
                #expect(left.offset > 0 && left.offset <= 5_000_000)
                #expect(left.total == 9_000_000)
                let descriptor = Descriptor(
                    mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
                var start: Int64 = 0
                let outcome = try second.write(descriptor, reference: "part") { writer in
                    start = writer.offset
                    try bytes.withUnsafeBytes {
                        try writer.write(UnsafeRawBufferPointer(rebasing: $0.dropFirst(Int(writer.offset))))
                    }
                }
                #expect(outcome == .written)
                #expect(start > 0)
                #expect(try second.read(descriptor.digest, limit: bytes.count) == bytes)
            }
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func keepsWhatWasWrittenWhenCancelled(program: String) async throws {
        try await ContainerdDaemon.with(program: program) { socket in
            try await onThread("containerd-test") {
                let bytes = seededBytes(4_000_000, seed: 5)
                let descriptor = Descriptor(
                    mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
                let witness = try ContainerdDaemon.connection(socket)
                let cancellation = Cancellation()
                let connection = try ContainerdConnection(
                    socket: socket, namespace: "sealift-test", cancellation: cancellation)
                let error = #expect(throws: ContainerdError.self) {
                    try connection.write(descriptor, reference: "cancelled") { writer in
                        try bytes.withUnsafeBytes {
                            try writer.write(UnsafeRawBufferPointer(rebasing: $0.prefix(2_000_000)))
                            let deadline = ContinuousClock.now + .seconds(60)
                            while try witness.ingest("cancelled")?.offset != 2_000_000 {
                                guard ContinuousClock.now < deadline else { throw Intended() }
                            }
                            cancellation.cancel()
                            try writer.write(UnsafeRawBufferPointer(rebasing: $0.dropFirst(2_000_000)))
                        }
                    }
                }
                #expect(error?.kind == .cancelled)
                #expect(try witness.ingest("cancelled")?.offset == 2_000_000)
            }
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func tellsWhoIsLate(program: String) async throws {
        try await ContainerdDaemon.with(program: program) { socket in
            try await onThread("containerd-test") {
                let bytes = seededBytes(1000, seed: 6)
                let descriptor = Descriptor(
                    mediaType: .ociLayer, digest: .of(Data(bytes)), size: Int64(bytes.count))
                let first = try ContainerdDaemon.connection(socket)
                let second = try ContainerdDaemon.connection(socket)
                second.lockPatience = .zero
                let outcome = try first.write(descriptor, reference: "shared") { writer in
                    let error = #expect(throws: ContainerdError.self) {
                        try second.write(bytes, reference: "shared")
                    }
                    #expect(error?.kind == .locked)
                    try bytes.withUnsafeBytes { try writer.write($0) }
                }
                #expect(outcome == .written)
                #expect(try second.write(bytes, reference: "shared").1 == .alreadyThere)
            }
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func writesOnTwoConnectionsAtOnce(program: String) async throws {
        try await ContainerdDaemon.with(program: program) { socket in
            async let first = onThread("containerd-first") {
                try ContainerdDaemon.connection(socket).write(seededBytes(12_000_000, seed: 8), reference: "first")
            }
            async let second = onThread("containerd-second") {
                try ContainerdDaemon.connection(socket).write(seededBytes(12_000_000, seed: 9), reference: "second")
            }
            let outcomes = try await [first.1, second.1]
            #expect(outcomes == [.written, .written])
        }
    }
}
