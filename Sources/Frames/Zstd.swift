internal import CZstd

/// A compression context that writes frames in the canonical form of ``FrameFormat``.
struct Compressor: ~Copyable {
    private let context: OpaquePointer?

    init() { context = ZSTD_createCCtx() }

    deinit { ZSTD_freeCCtx(context) }

    /// The room that `compress` needs for `count` bytes of content.
    static func bound(_ count: Int) -> Int { ZSTD_compressBound(count) }

    /// Compresses `content` as one frame into `target`; returns the frame's length.
    func compress(
        _ content: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, level: Int32
    ) throws(FramesError) -> Int {
        guard let context else { throw .compression(reason: "out of memory") }
        for (parameter, value) in [
            (ZSTD_c_compressionLevel, level), (ZSTD_c_windowLog, FrameFormat.windowLog), (ZSTD_c_checksumFlag, 1),
            (ZSTD_c_contentSizeFlag, 1),
        ] {
            _ = try Self.check(ZSTD_CCtx_setParameter(context, parameter, value))
        }
        return try Self.check(
            ZSTD_compress2(context, target.baseAddress, target.count, content.baseAddress, content.count))
    }

    private static func check(_ code: Int) throws(FramesError) -> Int {
        guard ZSTD_isError(code) == 0 else { throw .compression(reason: String(cString: ZSTD_getErrorName(code))) }
        return code
    }
}

/// A decompression context.
struct Decompressor: ~Copyable {
    private let context: OpaquePointer?

    init() {
        context = ZSTD_createDCtx()
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, FrameFormat.windowLog)
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decompresses one whole frame into `target`; returns the content's length, or zstd's word for what is wrong.
    func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Result<Int, Fault> {
        let code = ZSTD_decompressDCtx(context, target.baseAddress, target.count, frame.baseAddress, frame.count)
        guard ZSTD_isError(code) == 0 else { return .failure(Fault(reason: String(cString: ZSTD_getErrorName(code)))) }
        return .success(code)
    }

    struct Fault: Error {
        var reason: String
    }
}
