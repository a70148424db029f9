internal import OCI

/// The file behind a ``FrameWriter``: appends frames, keeps their entries, and ends with the tables.
struct FrameOutput: Sendable {
    private var output: ArchiveOutput
    private var entries: [FrameEntry] = []
    private var contentSize: Int64 = 0
    /// The writer has ended, and its caller may close the file.
    var isOver = false

    init(to target: ArchiveTarget) { output = ArchiveOutput(to: target) }

    mutating func append(_ buffer: FrameBuffer) throws(FramesError) {
        guard entries.count < FrameFormat.frameLimit else {
            throw .unreadable(path: output.path, reason: "it would have more than \(FrameFormat.frameLimit) frames")
        }
        let start = output.size
        let content = buffer.bytes
        var entry = FrameEntry(
            kind: .raw, offset: start, count: 0, contentOffset: contentSize, contentCount: content.count)
        switch buffer.coding {
        case .raw:
            try appendRaw(content)
        case .compressed:
            let frame = UnsafeRawBufferPointer(rebasing: buffer.encoded[..<buffer.encodedCount])
            var digest = DigestHasher()
            digest.update(frame)
            entry.kind = .compressed
            entry.digest = digest.digest().bytes
            try output.write([frame])
        }
        entry.count = Int(output.size - start)
        entries.append(entry)
        contentSize += Int64(content.count)
    }

    /// A file of its own of the frames that hold the content of `range`; `nil` once the writer has ended.
    func file(holding range: Range<Int64>) throws(FramesError) -> FramedFile? {
        guard !isOver else { return nil }
        let held = entries.filter {
            $0.contentOffset < range.upperBound && $0.contentOffset + Int64($0.contentCount) > range.lowerBound
        }
        let start = held.first?.offset ?? 0
        let end = held.last.map { $0.offset + Int64($0.count) } ?? 0
        return FramedFile(try output.readAgain(start..<end), entries: held)
    }

    /// Writes the digests and the seek table; returns the digest and length of the whole file.
    mutating func finish() throws(FramesError) -> (digest: Digest, size: Int64) {
        let trailer = FrameTables.encode(entries)
        var failure: FramesError?
        trailer.withUnsafeBytes { bytes in
            do throws(FramesError) { try output.write([bytes]) } catch { failure = error }
        }
        if let failure { throw failure }
        return output.finish()
    }

    private mutating func appendRaw(_ content: UnsafeRawBufferPointer) throws(FramesError) {
        // Everything but the content itself, in one allocation: header, block headers, checksum.
        var small = FrameFormat.header(contentCount: content.count)
        let headerCount = small.count
        let blocks = stride(from: 0, to: content.count, by: FrameFormat.blockLimit).map {
            UnsafeRawBufferPointer(rebasing: content[$0..<min($0 + FrameFormat.blockLimit, content.count)])
        }
        for (index, block) in blocks.enumerated() {
            small += FrameFormat.rawBlockHeader(count: block.count, isLast: index == blocks.count - 1)
        }
        small += FrameFormat.littleEndian(ContentChecksum.of(content))
        var failure: FramesError?
        small.withUnsafeBytes { small in
            var pieces = [UnsafeRawBufferPointer(rebasing: small[..<headerCount])]
            for (index, block) in blocks.enumerated() {
                let at = headerCount + index * 3
                pieces.append(UnsafeRawBufferPointer(rebasing: small[at..<at + 3]))
                pieces.append(block)
            }
            pieces.append(UnsafeRawBufferPointer(rebasing: small[(small.count - FrameFormat.checksumSize)...]))
            do throws(FramesError) { try output.write(pieces) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
