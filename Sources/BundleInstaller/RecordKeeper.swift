internal import SystemPackage
internal import Threads

/// The record of what is installed, on disk before anybody relies on a change of it.
final class RecordKeeper: Sendable {
    private let path: FilePath
    private let record: Lock<InstalledRecord>

    /// Takes the record as it is to be from now on; nothing is written before the first ``update(_:)``.
    init(_ record: InstalledRecord, at path: FilePath) {
        self.path = path
        self.record = Lock(record)
    }

    /// The record as it is now.
    var current: InstalledRecord { record.withLock { $0 } }

    /// Changes the record and writes it.
    func update(_ change: (inout InstalledRecord) -> Void = { _ in }) throws {
        try record.withLock { record in
            change(&record)
            try record.write(to: path)
        }
    }
}
