internal import BundleFormat
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// What was done to this host: one JSON object a line, each on disk before the next thing happens.
///
/// A `kill -9` or a power cut can tear the last line only; opening drops a torn one, since what it said had not been
/// relied on yet. A line is torn where its end is missing, or where it has zeros, which is what a file system leaves in
/// the place of bytes that did not get to the disk.
final class Journal {
    let path: FilePath
    private(set) var entries: [JournalEntry]
    private let file: FileDescriptor
    /// Where the last whole line ends.
    private var end: Int64

    /// Opens the journal at `path`, or starts one.
    init(at path: FilePath) throws(InstallError) {
        self.path = path
        let bytes: [UInt8]
        do {
            file = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec], permissions: [.ownerRead, .ownerWrite])
            bytes = try FileContent.bytes(of: file)
        } catch {
            throw .system(action: "open the journal", path: path, errno: error as? Errno ?? .ioError)
        }
        let whole = Self.whole(bytes)
        entries = try Self.decode(whole, path: path)
        end = Int64(whole.count)
        guard ftruncate(file.rawValue, off_t(end)) == 0 else {
            throw .system(action: "mend the journal", path: path, errno: Errno(rawValue: errno))
        }
        // Where it was just made; synced lines are of no use in a file without a name.
        try StateFile.syncFolder(of: path)
    }

    deinit { try? file.close() }  // every line was synced when it was written

    /// The entries of the journal at `path`, which is left as it is; none where there is no journal.
    static func read(_ path: FilePath) throws(InstallError) -> [JournalEntry] {
        let bytes: [UInt8]
        do {
            bytes = try FileContent.bytes(of: path)
        } catch {
            guard error != .noSuchFileOrDirectory else { return [] }
            throw .system(action: "read the journal", path: path, errno: error)
        }
        return try decode(whole(bytes), path: path)
    }

    /// The lines before the one that was torn; all where none was.
    private static func whole(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let newline = UInt8(ascii: "\n")
        let ended = bytes[..<(bytes.lastIndex(of: newline).map { $0 + 1 } ?? 0)]
        let start = ended.dropLast().lastIndex(of: newline).map { $0 + 1 } ?? 0
        return ended[start...].contains(0) ? ended[..<start] : ended
    }

    /// Appends `entry` and waits until it is on disk; where that fails, as on a full disk, nothing of it stays.
    func append(_ entry: JournalEntry) throws(InstallError) {
        do {
            let line = try encodeJSON(entry) + [UInt8(ascii: "\n")]
            try file.writeAll(toAbsoluteOffset: end, line)
            guard fdatasync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            end += Int64(line.count)
        } catch {
            // A torn line in the middle would make the journal unreadable; at its end it is dropped by whoever opens it.
            ftruncate(file.rawValue, off_t(end))
            throw .system(action: "write the journal", path: path, errno: error as? Errno ?? .ioError)
        }
        entries.append(entry)
    }

    private static func decode(_ bytes: ArraySlice<UInt8>, path: FilePath) throws(InstallError) -> [JournalEntry] {
        var entries: [JournalEntry] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            do {
                entries.append(try JSONDecoder().decode(JournalEntry.self, from: Data(line)))
            } catch {
                throw .journalDamaged(path: path, line: index + 1)
            }
        }
        return entries
    }
}
