internal import CZstd

/// Decodes zstd frames of others' making (RFC 8878), one after the other, piece by piece.
///
/// Memory is bounded by the largest window that is taken, whatever a frame asks for.
package final class ZstdStream {
    /// What one step did.
    package struct Step: Sendable {
        package var taken: Int
        package var given: Int
        /// A frame is complete and all of its content given; another may follow.
        package var hasEnded: Bool
    }

    private let context: OpaquePointer

    /// A decoder that takes windows of up to 2 to the power of `windowLog` bytes.
    package init(windowLog: Int32) throws(FramesError) {
        guard let context = ZSTD_createDCtx() else { throw .decompression(reason: "out of memory") }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, windowLog)
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decodes from `input` into `output`, as much as there is of the one or room in the other.
    package func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(FramesError) -> Step {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let code = ZSTD_decompressStream(context, &target, &source)
        guard ZSTD_isError(code) == 0 else {
            throw .decompression(reason: String(cString: ZSTD_getErrorName(code)))
        }
        return Step(taken: source.pos, given: target.pos, hasEnded: code == 0)
    }
}
