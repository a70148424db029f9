internal import CArchive

/// The tar form of a member: pax restricted, a regular file of mode 0644, owner 0, time 0, and nothing of the host.
///
/// libarchive makes the header, so what stands in the archive is what every tar understands; equal names and sizes give
/// equal bytes, which lets a reader compare instead of trusting.
package enum TarHeader {
    /// A member's header is followed by its data, padded with zeros to a multiple of this.
    package static let blockSize = 512
    /// Two zero blocks end the archive (POSIX.1, pax, "ustar Interchange Format").
    package static let trailerSize = 2 * blockSize

    /// The zeros that follow `size` bytes of data.
    package static func padding(after size: Int64) -> Int {
        let over = Int(size % Int64(blockSize))
        return over == 0 ? 0 : blockSize - over
    }

    /// The header of a member: one block, or three where name or size need a pax extension.
    package static func encode(name: String, size: Int64) throws(TarballError) -> [UInt8] {
        let sink = HeaderSink()
        let handle = WriteHandle()
        // Without this, freeing the handle would write the member's data as zeros, to a sink that may be gone by then.
        defer { archive_write_fail(handle.archive) }
        try handle.check(archive_write_set_format_pax_restricted(handle.archive), while: "choose the pax format")
        try handle.check(archive_write_set_bytes_per_block(handle.archive, 0), while: "turn buffering off")
        let context = Unmanaged.passUnretained(sink).toOpaque()
        try handle.check(
            archive_write_open2(
                handle.archive, context, nil,
                { _, context, bytes, count in
                    guard let context, let bytes else { return -1 }
                    let sink = Unmanaged<HeaderSink>.fromOpaque(context).takeUnretainedValue()
                    sink.bytes += UnsafeRawBufferPointer(start: bytes, count: count)
                    return count
                }, nil, nil), while: "open the header's buffer")
        let entry = archive_entry_new()
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_filetype(entry, UInt32(AE_IFREG_VALUE))
        archive_entry_set_perm(entry, 0o644)
        archive_entry_set_size(entry, size)
        archive_entry_set_mtime(entry, 0, 0)
        archive_entry_set_uid(entry, 0)
        archive_entry_set_gid(entry, 0)
        try handle.check(archive_write_header(handle.archive, entry), while: "write the tar header of \(name)")
        return sink.bytes
    }

    private final class HeaderSink {
        var bytes: [UInt8] = []
    }
}

/// A libarchive writer; freed with its owner.
private struct WriteHandle: ~Copyable {
    let archive: OpaquePointer?

    init() { archive = archive_write_new() }

    deinit { archive_write_free(archive) }

    func check(_ code: Int32, while action: String) throws(TarballError) {
        guard code == ARCHIVE_OK else {
            let message = archive_error_string(archive).map { String(cString: $0) } ?? "error \(code)"
            throw .library(action: action, message: message)
        }
    }
}
