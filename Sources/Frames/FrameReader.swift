internal import OCI

/// Reads content of a ``FramedFile``, checking every frame that it touches as a whole.
///
/// One reader is for one thread; it holds one frame at a time and keeps the last, so neighbours cost nothing.
package final class FrameReader {
    private let file: FramedFile
    private let encoded: UnsafeMutableRawBufferPointer
    /// Where a compressed frame's content goes; raw frames are read in place.
    private let decoded: UnsafeMutableRawBufferPointer
    private let decompressor = Decompressor()
    private var current: Int?
    /// The current frame's content, in order; slices of `encoded` or `decoded`.
    private var slices: [UnsafeRawBufferPointer] = []

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
        while position < range.upperBound, let index = file.frame(at: position) {
            try load(index)
            let entry = file.entries[index]
            let end = min(range.upperBound, entry.contentOffset + Int64(entry.contentCount))
            try pass(Int(position - entry.contentOffset)..<Int(end - entry.contentOffset), to: body)
            position = end
        }
    }

    private func pass(_ range: Range<Int>, to body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        var start = 0
        for slice in slices {
            let low = max(range.lowerBound - start, 0)
            let high = min(range.upperBound - start, slice.count)
            if low < high { try body(UnsafeRawBufferPointer(rebasing: slice[low..<high])) }
            start += slice.count
            if start >= range.upperBound { return }
        }
    }

    private func load(_ index: Int) throws(FramesError) {
        guard current != index else { return }
        current = nil
        let entry = file.entries[index]
        try file.read(entry.offset..<(entry.offset + Int64(entry.count)), into: encoded)
        let frame = UnsafeRawBufferPointer(rebasing: encoded[..<entry.count])
        let fault: String? =
            switch entry.kind {
            case .raw: loadRaw(frame, contentCount: entry.contentCount)
            case .compressed: loadCompressed(frame, entry)
            }
        if let fault {
            throw .damaged(
                path: file.path, frame: index, range: entry.offset..<(entry.offset + Int64(entry.count)), reason: fault)
        }
        current = index
    }

    /// Finds the content of a raw frame; returns what is wrong with the frame, if anything.
    private func loadRaw(_ frame: UnsafeRawBufferPointer, contentCount: Int) -> String? {
        let header = FrameFormat.header(contentCount: contentCount)
        let blockCount = (contentCount + FrameFormat.blockLimit - 1) / FrameFormat.blockLimit
        guard frame.count == header.count + contentCount + blockCount * 3 + FrameFormat.checksumSize,
            frame.starts(with: header)
        else { return "its header is not what was written" }
        slices.removeAll(keepingCapacity: true)
        var checksum = ContentChecksum()
        var position = header.count
        var rest = contentCount
        while rest > 0 {
            let count = min(rest, FrameFormat.blockLimit)
            let expected = FrameFormat.rawBlockHeader(count: count, isLast: count == rest)
            guard frame[position..<position + 3].elementsEqual(expected) else {
                return "a block header is not what was written"
            }
            let block = UnsafeRawBufferPointer(rebasing: frame[(position + 3)..<(position + 3 + count)])
            checksum.update(block)
            slices.append(block)
            position += 3 + count
            rest -= count
        }
        let written: UInt32 = FrameFormat.integer(frame, at: position)
        return written == checksum.value() ? nil : "its content doesn't match its checksum"
    }

    private func loadCompressed(_ frame: UnsafeRawBufferPointer, _ entry: FrameEntry) -> String? {
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
            slices = [UnsafeRawBufferPointer(rebasing: decoded[..<entry.contentCount])]
            return nil
        case .success(let count): return "it holds \(count) bytes, not \(entry.contentCount)"
        }
    }
}
