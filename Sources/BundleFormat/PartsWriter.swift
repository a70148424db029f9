internal import FoundationEssentials
package import Frames
internal import Glibc
package import OCI
package import SystemPackage
internal import Threads

/// Writes an archive in parts: all of them get their names when the last is on disk, and then the list its own.
///
/// Where the list is, all parts are: without it, nothing looks like a bundle.
package enum PartsWriter {
    /// Writes `archive` in parts of `limit` bytes; `body` does it, and returns the digest and length of the whole.
    ///
    /// Parts that were there under these names are replaced. Where `body` throws, nothing has happened; where something
    /// fails behind it, old parts may be gone. Throws ``BundleError`` or what `body` throws.
    package static func write(
        _ archive: FilePath, limit: Int64, _ body: (ArchiveTarget) throws -> (digest: Digest, size: Int64)
    ) throws -> PartsList {
        DurableFile.removeRemains(of: archive)
        let files = PartFiles(of: archive, limit: limit)
        do {
            let whole = try body(.parts(files))
            let list = files.list(size: whole.size, digest: whole.digest)
            try files.sync()
            try removeList(of: archive)
            try files.rename()
            removeParts(of: archive, from: list.parts.count)
            try DurableFile.write(list.checksums.utf8, to: checksums(of: archive))
            try DurableFile.write(list.encoded, to: PartsList.path(for: archive))
            files.close()
            return list
        } catch {
            files.discard()
            throw files.failure ?? error
        }
    }

    /// Removes an archive's parts and what belongs to them, where there are any; the list first.
    package static func remove(_ archive: FilePath) throws(BundleError) {
        guard access(PartsList.path(for: archive).string, F_OK) == 0 else { return }
        try removeList(of: archive)
        unlink(checksums(of: archive).string)
        removeParts(of: archive, from: 0)
    }

    /// The digests of the parts, in `sha256sum`'s form.
    package static func checksums(of archive: FilePath) -> FilePath { FilePath("\(archive.string).parts.sha256") }

    private static func removeList(of archive: FilePath) throws(BundleError) {
        let path = PartsList.path(for: archive)
        guard unlink(path.string) == 0 || errno == ENOENT else { throw DurableFile.failure("remove", path) }
        try DurableFile.syncFolder(of: path)
    }

    /// What has no list any more is of no use: that it can't be removed is no reason to fail.
    private static func removeParts(of archive: FilePath, from first: Int) {
        for index in first..<PartsList.countLimit {
            guard unlink(PartsList.name(ofPart: index, of: archive.string)) == 0 else { return }
        }
    }
}

/// The parts of one archive, under temporary names.
private final class PartFiles: ArchiveParts {
    private struct State {
        var files: [(file: FileDescriptor, temporary: FilePath)] = []
        var ended: [(size: Int64, digest: Digest)] = []
        var renamed = 0
        var failure: (any Error)?
    }

    let limit: Int64
    private let archive: FilePath
    private let state = Lock(State())

    init(of archive: FilePath, limit: Int64) {
        self.archive = archive
        self.limit = limit
    }

    /// Why there is no next part; the writer only knows that there is none.
    var failure: (any Error)? { state.withLock { $0.failure } }

    private var name: String { archive.lastComponent?.string ?? "" }

    private func path(_ index: Int) -> FilePath { FilePath(PartsList.name(ofPart: index, of: archive.string)) }

    func next() throws(FramesError) -> (file: FileDescriptor, path: FilePath) {
        try state.withLock { state throws(FramesError) in
            do {
                guard state.files.count < PartsList.countLimit else {
                    throw BundleError.tooManyParts(archive: archive, limit: limit)
                }
                PartedFile.allowFiles(state.files.count)
                let made = try DurableFile.create(for: path(state.files.count))
                state.files.append(made)
                return (made.file, made.temporary)
            } catch {
                state.failure = error
                throw .unreadable(path: archive, reason: "\(error)")
            }
        }
    }

    func ended(size: Int64, digest: Digest) { state.withLock { $0.ended.append((size, digest)) } }

    func list(size: Int64, digest: Digest) -> PartsList {
        PartsList(name: name, size: size, digest: digest, parts: state.withLock { $0.ended })
    }

    /// Waits until all parts are on disk, readable for everybody.
    func sync() throws(BundleError) {
        for (file, temporary) in state.withLock({ $0.files }) {
            guard fchmod(file.rawValue, 0o644) == 0 else { throw DurableFile.failure("set the mode of", temporary) }
            try DurableFile.sync(file, temporary)
        }
    }

    /// Gives all parts their names.
    func rename() throws(BundleError) {
        try state.withLock { state throws(BundleError) in
            for (index, (_, temporary)) in state.files.enumerated() {
                guard Glibc.rename(temporary.string, path(index).string) == 0 else {
                    throw DurableFile.failure("rename to", path(index))
                }
                state.renamed += 1
            }
        }
        try DurableFile.syncFolder(of: archive)
    }

    func close() {
        // All is on disk, or of no use.
        state.withLock { for (file, _) in $0.files { try? file.close() } }
    }

    /// Removes what was written, whatever it is called by now.
    func discard() {
        close()
        state.withLock { state in
            for (index, (_, temporary)) in state.files.enumerated() {
                unlink(index < state.renamed ? path(index).string : temporary.string)
            }
        }
    }
}
