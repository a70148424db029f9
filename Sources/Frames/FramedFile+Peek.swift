extension FramedFile {
    /// The content of `range` where it stands in raw frames, read without the frames around it and without any check.
    ///
    /// For estimates over many blobs, where reading whole frames would take minutes from a slow medium. Nothing that
    /// must be right may come from here.
    ///
    /// - Returns: `nil` where any of the range is compressed or beyond the end.
    package func peek(_ range: Range<Int64>) throws(FramesError) -> [UInt8]? {
        var bytes: [UInt8] = []
        var position = range.lowerBound
        while position < range.upperBound {
            guard let index = frame(at: position), entries[index].kind == .raw else { return nil }
            let entry = entries[index]
            let inFrame = Int(position - entry.contentOffset)
            let inBlock = inFrame % FrameFormat.blockLimit
            // Three bytes of block header stand before each block's content (RFC 8878, 3.1.1.2).
            let header = FrameFormat.header(contentCount: entry.contentCount).count
            let offset = entry.offset + Int64(header + inFrame + (inFrame / FrameFormat.blockLimit + 1) * 3)
            let rest = min(entry.contentCount - inFrame, FrameFormat.blockLimit - inBlock)
            let count = min(Int(range.upperBound - position), rest)
            guard offset + Int64(count) <= size else { return nil }
            var piece = [UInt8](repeating: 0, count: count)
            var failure: FramesError?
            piece.withUnsafeMutableBytes { target in
                do throws(FramesError) { try read(offset..<(offset + Int64(count)), into: target) } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            bytes += piece
            position += Int64(count)
        }
        return bytes
    }
}
