package import OCI
internal import Synchronization
package import SystemPackage
internal import Threads

/// Writes a framed file: content goes in on the caller's thread, frames are compressed on `workers` threads and written
/// in order by one more, which also digests the file. Memory is bounded by a pool of frame buffers.
///
/// Equal calls give equal bytes, whatever the number of workers. Must be ended by ``finish()`` or ``cancel()``.
package final class FrameWriter {
    private let pipeline: FramePipeline
    private var current: FrameBuffer
    private var coding = FrameCoding.raw
    private var nextSequence = 0

    /// The content taken so far, in bytes.
    package private(set) var contentCount: Int64 = 0

    /// What has been written, for who wants to read it again; see there.
    package var written: WrittenFrames { WrittenFrames(pipeline) }

    /// Starts to write to `file`, which stays the caller's; `path` is for errors.
    package convenience init(to file: FileDescriptor, at path: FilePath, workers: Int) throws(FramesError) {
        try self.init(to: .file(file, path), workers: workers)
    }

    /// Starts to write to one file, or to several, one after the other.
    package init(to target: ArchiveTarget, workers: Int) throws(FramesError) {
        pipeline = FramePipeline(to: target, workers: max(1, workers))
        guard let first = pipeline.takeBuffer() else { throw .compression(reason: "no frame buffer") }
        current = first
        current.reset(coding: coding, sequence: 0)
    }

    /// Ends the current frame: what follows starts a new one, stored as `coding` says.
    package func cut(_ coding: FrameCoding) throws(FramesError) {
        try flush()
        self.coding = coding
        current.coding = coding
    }

    /// Takes bytes, copying them.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(FramesError) {
        var rest = bytes
        while !rest.isEmpty {
            let room = try room()
            let taken = min(room.count, rest.count)
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
            advance(by: taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    /// The free part of the current frame, never empty: fill its start, then call ``advance(by:)``. No copy is made.
    package func room() throws(FramesError) -> UnsafeMutableRawBufferPointer {
        if current.count == FrameFormat.contentLimit { try flush() }
        return current.free
    }

    /// Says that the first `amount` bytes of ``room()`` are content now.
    package func advance(by amount: Int) {
        current.advance(by: amount)
        contentCount += Int64(amount)
    }

    /// Takes over the frames of `file` from the one whose content starts at `offset`, byte for byte; each is checked.
    ///
    /// `end` is where the content of the last of them ends; `nil` for all. Throws
    /// ``FramesError/unreadable(path:reason:)`` where no frame starts, or ends, there. `progress` is told the bytes of
    /// content taken since the last call, and may throw to stop.
    package func append(
        framesOf file: FramedFile, from offset: Int64, upTo end: Int64? = nil, progress: (Int64) throws -> Void
    ) throws {
        func boundary(at offset: Int64) throws(FramesError) -> Int {
            if offset == file.contentSize { return file.entries.count }
            guard let index = file.frame(at: offset), file.entries[index].contentOffset == offset else {
                throw .unreadable(path: file.path, reason: "no frame starts at byte \(offset) of its content")
            }
            return index
        }
        try flush()
        let (first, last) = (try boundary(at: offset), try boundary(at: end ?? file.contentSize))
        let reader = FrameReader(file)
        for index in file.entries.indices[first..<max(first, last)] {
            try reader.copy(index, to: current)
            contentCount += Int64(current.count)
            pipeline.submitEncoded(current)
            try takeNext()
            try progress(Int64(file.entries[index].contentCount))
        }
    }

    /// Writes what is left and the seek table; returns the digest and length of the whole file (not yet synced).
    package func finish() throws(FramesError) -> (digest: Digest, size: Int64) {
        try flush()
        return try pipeline.finish()
    }

    /// Stops the threads; what was written so far is of no use.
    package func cancel() { pipeline.cancel() }

    private func flush() throws(FramesError) {
        guard current.count > 0 else { return }
        pipeline.submit(current)
        try takeNext()
    }

    private func takeNext() throws(FramesError) {
        nextSequence += 1
        guard let next = pipeline.takeBuffer() else {
            throw pipeline.failure ?? .compression(reason: "the writer was stopped")
        }
        next.reset(coding: coding, sequence: nextSequence)
        current = next
    }
}
