package import BundleFormat
internal import Glibc
package import OCI
internal import Synchronization
internal import SystemPackage

/// Proves a whole archive before anything is changed, once per archive.
package struct ArchiveProof {
    package static let step = "archive"
    package static let title = "prove the archive"
    private let bundle: BundleReader
    /// What tells this archive from another, or from itself changed since.
    package let inputs: Digest

    package init(of bundle: BundleReader) throws(InstallError) {
        self.bundle = bundle
        var status = stat()
        guard stat(bundle.path.string, &status) == 0 else {
            throw .system(action: "look at", path: bundle.path, errno: Errno(rawValue: errno))
        }
        inputs = Step.inputs([
            bundle.index.descriptor.digest.description, bundle.path.string, "\(status.st_size)", "\(status.st_ino)",
            "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)",
        ])
    }

    /// Reads every byte; throws ``InstallError/damaged(path:faults:first:)`` where one is wrong.
    package func run(workers: Int, report: @escaping @Sendable (InstallEvent) -> Void) async throws {
        let total = bundle.contents.members.reduce(0) { $0 + $1.size }
        let done = Counter()
        let result = try await BundleVerification(of: bundle).run(workers: workers) { count in
            report(.progress(step: Self.step, done: done.add(count), total: total))
        }
        guard let first = result.faults.first else { return }
        throw InstallError.damaged(
            path: bundle.path, faults: result.faults.count, first: "\(first.member) \(first.reason)")
    }
}

/// A sum that any thread adds to.
final class Counter: Sendable {
    private let sum = Atomic<Int64>(0)

    /// Adds, and returns the new sum.
    func add(_ count: Int64) -> Int64 { sum.add(count, ordering: .relaxed).newValue }
}
