import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// A disk with faults of our choice that holds all that one user has; see `faulty-disk.py`.
final class FaultyDisk: Sendable {
    static let isAvailable = Executables.areThere && Executables.isRoot && isUsable
    /// Whether such a disk can be had, for whom that is enough.
    static let isUsable = exists("/dev/fuse") && exists("/usr/bin/python3")
    static let need: Comment = "needs root, FUSE in the kernel, python3, and what Executables.need says"

    /// What goes wrong; nothing unless told.
    struct Plan: Encodable {
        var kill: Int?
        var late: Bool?
        var fail: Int?
        var errno: String?
        var lasting: Bool?
        var capacity: Int?
        var short: UInt64?
        var from: String?
        var log: String?
        var report: String?

        var json: String {
            get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
        }
    }

    /// What happened on the disk.
    struct Report: Decodable {
        /// How often it was asked for something.
        var requests: Int
        /// How often its content or names changed, or were synced.
        var changes: Int
        /// The bytes written.
        var added: Int
        /// The request that went wrong; empty where none did.
        var hit: String
        /// Which requests were to sync something, and how many changes there were then.
        var syncs: [Sync]

        struct Sync: Decodable {
            var request: Int
            var change: Int
        }
    }

    static let program = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent().appending("TestSupport/Scripts/faulty-disk.py").string

    let place: Workplace
    private let scratch = TemporaryDirectory()

    init(_ place: Workplace) { self.place = place }

    private var beginning: FilePath { scratch.file("beginning") }
    private var log: FilePath { scratch.file("log") }
    private var folder: String { place.file("").string }

    /// What the user has now is what every run starts with from here on.
    func keep() throws {
        try? FileManager.default.removeItem(atPath: beginning.string)  // not there the first time
        try FileManager.default.copyItem(atPath: folder, toPath: beginning.string)
    }

    /// Runs a command on the disk as it was kept; what is on it then the user has.
    func run(_ command: [String], _ plan: Plan = Plan()) async throws -> (run: SealiftRun, report: Report) {
        var plan = plan
        plan.from = beginning.string
        plan.log = log.string
        plan.report = scratch.file("report").string
        let run = try await place.run(["/usr/bin/python3", "-B", Self.program, "run", folder, try plan.json] + command)
        let report = try JSONDecoder().decode(
            Report.self, from: Data(try contents(of: scratch.file("report"))))
        return (run, report)
    }

    /// The user has what the last run left when the power went after so many changes.
    func cut(after moment: Int, seed: UInt64, log: FilePath? = nil) async throws {
        let run = try await place.run(
            ["/usr/bin/python3", "-B", Self.program, "cut", (log ?? self.log).string, "\(moment)", "\(seed)", folder])
        try #require(run.code == 0, "\(run.transcript)")
    }

    /// Keeps the log of the last run for ``cut(after:seed:log:)``, whatever runs later; returns where.
    func keepLog() throws -> FilePath {
        let kept = scratch.file("log-kept")
        try? FileManager.default.removeItem(atPath: kept.string)  // not there the first time
        try FileManager.default.copyItem(atPath: log.string, toPath: kept.string)
        return kept
    }
}
