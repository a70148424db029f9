import BundleFormat
import FoundationEssentials
import NodeImages
import OCI
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Threads

/// Imports that are stopped at random points, again and again, and then run to their end.
@Suite(.serialized, .enabled(if: PrivateContainerd.isUsable, PrivateContainerd.reason))
struct InterruptedImportTests {
    /// Lets a number of events pass, then does something once.
    private final class Fuse: Sendable {
        private let left: Atomic<Int>
        private let action: @Sendable () -> Void

        init(after events: Int, _ action: @escaping @Sendable () -> Void) {
            left = Atomic(events)
            self.action = action
        }

        func burn() {
            if left.subtract(1, ordering: .relaxed).newValue == 0 { action() }
        }
    }

    /// How many events an import of `bundle` into an empty containerd has.
    private func events(_ bundle: BundleReader) async throws -> Int {
        try await PrivateContainerd.with(PrivateContainerd.releases[0]) { containerd in
            let count = Counter()
            _ = try await containerd.job(bundle).run { _ in count.value.add(1, ordering: .relaxed) }
            return count.value.load(ordering: .relaxed)
        }
    }

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    @Test(arguments: PrivateContainerd.releases)
    func isWholeAfterThirtyCancellations(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle(bytes: 6_000_000, isPlain: false).write(to: folder.file("b.tar.zst"))
        let total = try await events(bundle)
        try await PrivateContainerd.with(release) { containerd in
            var stopped = 0
            for round in 1...30 {
                let task = Lock<Task<ImageImport.Outcome, any Error>?>(nil)
                // Every run goes on where the last one ended, so a few events are enough to get through all states.
                let fuse = Fuse(after: Int.random(in: 1...max(1, total / 15))) { task.withLock { $0?.cancel() } }
                let running = task.withLock { slot in
                    let started = Task { try await containerd.job(bundle).run { _ in fuse.burn() } }
                    slot = started
                    return started
                }
                if case .failure(let error) = await running.result {
                    #expect(error is CancellationError, "round \(round): \(error)")
                    stopped += 1
                }
                #expect(try await containerd.incompleteNames() == [], "round \(round)")
            }
            try await finishes(bundle, on: containerd, stopped: stopped)
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func goesOnWhereItWasStopped(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle(bytes: 6_000_000, isPlain: false).write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let whole = try await containerd.job(bundle).plan().bytesToWrite
            let (kept, keep) = AsyncStream.makeStream(of: Descriptor.self)
            let task = Task {
                try await containerd.job(bundle, unpacks: false).run { event in
                    if case .blob(let blob) = event { keep.yield(blob) }
                }
            }
            let first = await kept.first { $0.size > 1_000_000 }
            task.cancel()
            let blob = try #require(first)
            _ = await task.result
            // Nothing names what was written, only the lease keeps it.
            try await containerd.ctr(["leases", "create", "--id", "unrelated"])
            try await containerd.ctr(["leases", "delete", "--sync", "unrelated"])
            let plan = try await containerd.job(bundle).plan()
            #expect(!plan.layers.contains(blob))
            #expect(plan.bytesThere >= blob.size && plan.bytesThere + plan.bytesToWrite == whole)
            #expect(try await containerd.importAll(bundle).bytesWritten <= plan.bytesToWrite)
            #expect(try await containerd.faults(bundle) == [])
            #expect(try await containerd.leftovers() == [])
        }
    }

    @Test(arguments: PrivateContainerd.releases)
    func isWholeAfterThirtyCrashesOfContainerd(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle(bytes: 6_000_000, isPlain: false).write(to: folder.file("b.tar.zst"))
        let total = try await events(bundle)
        try await PrivateContainerd.with(release) { containerd in
            var stopped = 0
            for round in 1...30 {
                let fuse = Fuse(after: Int.random(in: 1...max(1, total / 15))) {
                    // Where it is down already there is nothing to kill.
                    try? containerd.crash()
                }
                do {
                    _ = try await containerd.job(bundle).run { _ in fuse.burn() }
                } catch {
                    stopped += 1
                }
                try await containerd.answers()
                #expect(try await containerd.incompleteNames() == [], "round \(round)")
            }
            try await finishes(bundle, on: containerd, stopped: stopped)
        }
    }

    /// What a containerd leaves behind that was killed between making a snapshot's folder and noting it.
    @Test(arguments: PrivateContainerd.releases)
    func goesOnWhereAFolderIsInTheWay(_ release: PrivateContainerd.Release) async throws {
        let folder = TemporaryDirectory()
        let bundle = try Samples.bundle().write(to: folder.file("b.tar.zst"))
        try await PrivateContainerd.with(release) { containerd in
            let snapshots = containerd.folder.appending("root/io.containerd.snapshotter.v1.overlayfs/snapshots")
            for number in [1, 3] {  // containerd numbers them from 1
                try FileManager.default.createDirectory(
                    atPath: snapshots.appending("\(number)/fs").string, withIntermediateDirectories: true)
            }
            await #expect(throws: PrivateContainerd.Failed.self) {
                try await containerd.ctr(["snapshots", "prepare", "first"])
            }
            try FileManager.default.createDirectory(
                atPath: snapshots.appending("1/fs").string, withIntermediateDirectories: true)
            try await containerd.importAll(bundle)
            #expect(try await containerd.faults(bundle) == [])
            #expect(try await containerd.leftovers() == [])
        }
    }

    /// The last run, which nobody stops.
    private func finishes(_ bundle: BundleReader, on containerd: PrivateContainerd, stopped: Int) async throws {
        // Runs that found nothing left to do prove nothing.
        #expect(stopped >= 5)
        try await containerd.importAll(bundle)
        #expect(try await containerd.faults(bundle) == [])
        #expect(try await containerd.leftovers() == [])
        #expect(try await containerd.job(bundle).plan().isEmpty)
    }
}
