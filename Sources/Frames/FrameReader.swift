internal import OCI

/// Reads content of a ``FramedFile``, checking every frame that it touches as a whole.
///
/// One reader is for one thread; it holds one frame at a time and keeps the last, so neighbours cost nothing.
package final class FrameReader {
    private let file: FramedFile
    private let encoded: UnsafeMutableRawBufferPointer
    /// Where a frame's content goes.
    private let decoded: UnsafeMutableRawBufferPointer
    private let decompressor = Decompressor()
    private var current: Int?
    /// The current frame's content; a part of `decoded`.
    private var content = UnsafeRawBufferPointer(start: nil, count: 0)

    package init(_ file: FramedFile) {
        self.file = file
        encoded = .allocate(byteCount: Compressor.bound(FrameFormat.contentLimit), alignment: 64)
        decoded = .allocate(byteCount: FrameFormat.contentLimit, alignment: 64)
    }

    deinit {
        encoded.deallocate()
        decoded.deallocate()
    }

    /// Calls `body` with the content of `range`, piece by piece and in order; pieces are valid only during the call.
    package func read(
        _ range: Range<Int64>, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard range.lowerBound >= 0, range.upperBound <= file.contentSize else {
            throw FramesError.unreadable(
                path: file.path, reason: "content ends at byte \(file.contentSize), \(range.upperBound) was asked for")
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let piece = try piece(position..<range.upperBound)
            guard !piece.isEmpty else { return }
            try body(piece)
            position += Int64(piece.count)
        }
    }

    /// The front of `range`, which lies within the content, as far as one frame has it; valid until the next call.
    package func piece(_ range: Range<Int64>) throws(FramesError) -> UnsafeRawBufferPointer {
        guard !range.isEmpty, let index = file.frame(at: range.lowerBound) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        try load(index)
        let entry = file.entries[index]
        let end = min(range.upperBound, entry.contentOffset + Int64(entry.contentCount))
        let part = Int(range.lowerBound - entry.contentOffset)..<Int(end - entry.contentOffset)
        return UnsafeRawBufferPointer(rebasing: content[part])
    }

    /// Puts a whole frame into `buffer`, in the form that it has in the file.
    func copy(_ index: Int, to buffer: FrameBuffer) throws(FramesError) {
        try load(index)
        let entry = file.entries[index]
        switch entry.kind {
        case .raw:
            buffer.coding = .raw
            buffer.free.copyMemory(from: content)
        case .compressed:
            // The level only matters to who compresses.
            buffer.coding = .compressed(level: 0)
            buffer.encoded.copyMemory(from: UnsafeRawBufferPointer(rebasing: encoded[..<entry.count]))
            buffer.encodedCount = entry.count
        }
        buffer.advance(by: entry.contentCount)
    }

    private func load(_ index: Int) throws(FramesError) {
        guard current != index else { return }
        current = nil
        let entry = file.entries[index]
        let fault: String? =
            switch entry.kind {
            case .raw: try loadRaw(entry)
            case .compressed: try loadCompressed(entry)
            }
        if let fault {
            let range = entry.offset..<(entry.offset + Int64(entry.count))
            throw file.archive.damage(of: range, frame: index, reason: fault)
        }
        current = index
    }

    /// Reads a raw frame, its blocks one behind the other; returns what is wrong with it, if anything.
    ///
    /// What stands between the blocks is read elsewhere by the same system call, since whoever sends the content on
    /// wants it in one piece.
    private func loadRaw(_ entry: FrameEntry) throws(FramesError) -> String? {
        let header = FrameFormat.header(contentCount: entry.contentCount)
        let blockCount = (entry.contentCount + FrameFormat.blockLimit - 1) / FrameFormat.blockLimit
        let frameCount = header.count + entry.contentCount + blockCount * 3 + FrameFormat.checksumSize
        guard entry.count == frameCount else { return "its header is not what was written" }
        var expected = header
        var parts = [UnsafeMutableRawBufferPointer(rebasing: encoded[..<header.count])]
        for start in stride(from: 0, to: entry.contentCount, by: FrameFormat.blockLimit) {
            let count = min(entry.contentCount - start, FrameFormat.blockLimit)
            parts.append(UnsafeMutableRawBufferPointer(rebasing: encoded[expected.count..<expected.count + 3]))
            parts.append(UnsafeMutableRawBufferPointer(rebasing: decoded[start..<start + count]))
            expected += FrameFormat.rawBlockHeader(count: count, isLast: start + count == entry.contentCount)
        }
        let end = expected.count + FrameFormat.checksumSize
        parts.append(UnsafeMutableRawBufferPointer(rebasing: encoded[expected.count..<end]))
        try file.archive.read(from: entry.offset, into: parts)
        guard encoded.starts(with: header) else { return "its header is not what was written" }
        guard encoded.starts(with: expected) else { return "a block header is not what was written" }
        content = UnsafeRawBufferPointer(rebasing: decoded[..<entry.contentCount])
        let written: UInt32 = FrameFormat.integer(UnsafeRawBufferPointer(encoded), at: expected.count)
        return written == ContentChecksum.of(content) ? nil : "its content doesn't match its checksum"
    }

    private func loadCompressed(_ entry: FrameEntry) throws(FramesError) -> String? {
        try file.read(entry.offset..<(entry.offset + Int64(entry.count)), into: encoded)
        let frame = UnsafeRawBufferPointer(rebasing: encoded[..<entry.count])
        var hasher = DigestHasher()
        hasher.update(frame)
        guard hasher.digest().bytes == entry.digest else { return "its bytes don't match their digest" }
        // The digest came from a table that anybody could have made: the frame is still hostile.
        guard frame.starts(with: FrameFormat.header(contentCount: entry.contentCount)) else {
            return "its header is not in the canonical form"
        }
        switch decompressor.decompress(frame, into: decoded) {
        case .failure(let fault): return fault.reason
        case .success(entry.contentCount):
            content = UnsafeRawBufferPointer(rebasing: decoded[..<entry.contentCount])
            return nil
        case .success(let count): return "it holds \(count) bytes, not \(entry.contentCount)"
        }
    }
}
