internal import CZstd

/// Encodes one zstd frame (RFC 8878) piece by piece, with a checksum.
///
/// The same content, level and libzstd give the same bytes, however the content is cut into pieces: the end of a frame is
/// only ever asked for with no content left, so that the library never takes a shortcut for what comes last.
package final class ZstdEncoder {
    private let context: OpaquePointer
    private let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)

    /// The library's version as a number: another one may give other bytes.
    package static var libraryVersion: Int { Int(ZSTD_versionNumber()) }

    /// An encoder at the start of a frame.
    package init(level: Int32) throws(FramesError) {
        guard let context = ZSTD_createCCtx() else { throw .compression(reason: "out of memory") }
        self.context = context
        for (parameter, value) in [(ZSTD_c_compressionLevel, level), (ZSTD_c_checksumFlag, 1)] {
            _ = try Self.check(ZSTD_CCtx_setParameter(context, parameter, value))
        }
    }

    deinit {
        ZSTD_freeCCtx(context)
        target.deallocate()
    }

    /// Takes the next piece; `write` gets what comes out, valid only during the call.
    package func write(_ content: UnsafeRawBufferPointer, to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        var source = ZSTD_inBuffer(src: content.baseAddress, size: content.count, pos: 0)
        while source.pos < source.size { _ = try step(&source, ZSTD_e_continue, write) }
    }

    /// Ends the frame.
    package func finish(to write: (UnsafeRawBufferPointer) throws -> Void) throws {
        var nothing = ZSTD_inBuffer()
        while try step(&nothing, ZSTD_e_end, write) > 0 {}
    }

    /// Returns what is left to be written, as far as the library knows.
    private func step(
        _ source: inout ZSTD_inBuffer, _ mode: ZSTD_EndDirective, _ write: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Int {
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let left = try Self.check(ZSTD_compressStream2(context, &output, &source, mode))
        if output.pos > 0 { try write(UnsafeRawBufferPointer(rebasing: target[..<output.pos])) }
        return left
    }

    private static func check(_ code: Int) throws(FramesError) -> Int {
        guard ZSTD_isError(code) == 0 else { throw .compression(reason: String(cString: ZSTD_getErrorName(code))) }
        return code
    }
}
