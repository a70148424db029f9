internal import BundleFormat
internal import Frames
internal import Glibc
internal import OCI
internal import Synchronization
internal import SystemPackage

/// Proves a whole archive before anything is changed, once per archive.
struct ArchiveProof {
    static let step = "archive"
    static let title = "prove the archive"
    private let bundle: BundleReader
    /// What tells this archive from another, or from itself changed since.
    let inputs: Digest

    init(of bundle: BundleReader) throws(InstallError) {
        self.bundle = bundle
        var facts = [bundle.index.descriptor.digest.description]
        // The files that hold it, so that it is the same archive whichever part of it was named.
        for part in bundle.file.archive.parts {
            var status = stat()
            guard stat(part.path.string, &status) == 0 else {
                throw .system(action: "look at", path: part.path, errno: Errno(rawValue: errno))
            }
            facts += [
                part.path.string, "\(status.st_size)", "\(status.st_ino)", "\(status.st_dev)",
                "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)",
                "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)",
            ]
        }
        inputs = Step.inputs(facts)
    }

    /// Reads every byte; throws ``InstallError/damaged(path:faults:first:)`` where one is wrong. The first step of
    /// `count`.
    func run(workers: Int, count: Int, report: @escaping @Sendable (InstallEvent) -> Void) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        report(.began(step: Self.step, title: Self.title, number: 1, count: count))
        let total = bundle.contents.members.reduce(0) { $0 + $1.size }
        let done = Counter()
        let result = try await BundleVerification(of: bundle).run(workers: workers) { count in
            report(.progress(step: Self.step, done: done.add(count), total: total))
        }
        guard let first = result.faults.first else {
            return report(.finished(step: Self.step, seconds: (clock.now - start) / .seconds(1)))
        }
        let error = InstallError.damaged(
            path: bundle.path, faults: result.faults.count, first: "\(first.member) \(first.reason)")
        report(.failed(step: Self.step, reason: "\(error)"))
        throw error
    }
}

/// A sum that any thread adds to.
final class Counter: Sendable {
    private let sum = Atomic<Int64>(0)

    /// Adds, and returns the new sum.
    func add(_ count: Int64) -> Int64 { sum.add(count, ordering: .relaxed).newValue }
}
