internal import CArchive

/// Where a ``TarballReader`` gets its bytes from: content with random access.
package protocol TarballSource: AnyObject {
    /// Fills `target` with the content at `offset`; returns how many bytes there were, 0 at the end.
    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A member of an archive, and where it is in the archive's content.
package struct TarballMember: Hashable, Sendable {
    package var name: String
    package var size: Int64
    /// Where the member's first header block starts.
    package var headerOffset: Int64
    /// Where its data starts.
    package var dataOffset: Int64

    package init(name: String, size: Int64, headerOffset: Int64, dataOffset: Int64) {
        self.name = name
        self.size = size
        self.headerOffset = headerOffset
        self.dataOffset = dataOffset
    }

    /// Where the next member, or the archive's trailer, starts.
    package var end: Int64 { dataOffset + size + Int64(TarHeader.padding(after: size)) }
}

/// Lists an archive's members by their headers alone: data is skipped, not read.
///
/// Strict: only regular files of plain, relative names are taken; whatever else libarchive finds there is refused.
package final class TarballReader {
    private let archive: OpaquePointer?
    private let feed: Feed

    /// Opens the archive, which reads its first block. Rethrows what the source threw.
    package init(_ source: any TarballSource) throws {
        archive = archive_read_new()
        feed = Feed(source)
        try check(archive_read_support_format_tar(archive), while: "choose the tar format")
        archive_read_set_callback_data(archive, Unmanaged.passUnretained(feed).toOpaque())
        archive_read_set_read_callback(archive) { archive, context, buffer in
            guard let context, let buffer else { return -1 }
            return Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().read(archive, buffer)
        }
        archive_read_set_skip_callback(archive) { _, context, count in
            guard let context else { return 0 }
            return Unmanaged<Feed>.fromOpaque(context).takeUnretainedValue().skip(count)
        }
        let code = archive_read_open1(archive)
        if let failure = feed.failure { throw failure }
        try check(code, while: "open the tar")
    }

    deinit { archive_read_free(archive) }

    /// The next member; `nil` at the archive's end. Rethrows what the source threw.
    package func next() throws -> TarballMember? {
        var entry: OpaquePointer?
        let code = archive_read_next_header(archive, &entry)
        if let failure = feed.failure { throw failure }
        if code == ARCHIVE_EOF { return nil }
        try check(code, while: "read the tar header near byte \(feed.position)")
        let size = archive_entry_size(entry)
        let end = feed.position
        let name = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
        let headerOffset = archive_read_header_position(archive)
        if let reason = Self.refusal(of: entry, name: name) {
            throw TarballError.refused(member: name, offset: headerOffset, reason: reason)
        }
        return TarballMember(name: name, size: size, headerOffset: headerOffset, dataOffset: end)
    }

    private static func refusal(of entry: OpaquePointer?, name: String) -> String? {
        if archive_entry_hardlink(entry) != nil { return "it is a hard link; a bundle holds only regular files" }
        if archive_entry_symlink(entry) != nil { return "it is a symbolic link; a bundle holds only regular files" }
        guard archive_entry_filetype(entry) == UInt32(AE_IFREG_VALUE) else {
            return "it is not a regular file; a bundle holds nothing else"
        }
        guard archive_entry_size_is_set(entry) != 0, archive_entry_size(entry) >= 0 else { return "it has no size" }
        if archive_entry_sparse_count(entry) > 0 { return "it is sparse; a bundle holds only plain files" }
        // By bytes, as the kernel reads paths: to Swift "/" and an accent behind it are one other character.
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if name.utf8.first == UInt8(ascii: "/") { return "its name is absolute" }
        if parts.contains(where: { $0.elementsEqual("..".utf8) }) { return "its name leaves the archive's folder" }
        if parts.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) }) {
            return "its name is not in the simplest form"
        }
        return nil
    }

    private func check(_ code: Int32, while action: String) throws(TarballError) {
        guard code == ARCHIVE_OK else {
            let message = archive_error_string(archive).map { String(cString: $0) } ?? "error \(code)"
            throw .library(action: action, message: message)
        }
    }

    /// Hands libarchive one block at a time, so that its position after a header is where the data starts.
    private final class Feed {
        private let source: any TarballSource
        private let block = UnsafeMutableRawBufferPointer.allocate(byteCount: TarHeader.blockSize, alignment: 16)
        private(set) var position: Int64 = 0
        private(set) var failure: (any Error)?

        init(_ source: any TarballSource) { self.source = source }

        deinit { block.deallocate() }

        func read(_ archive: OpaquePointer?, _ buffer: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
            do {
                let count = try source.read(at: position, into: block)
                position += Int64(count)
                buffer.pointee = UnsafeRawPointer(block.baseAddress)
                return count
            } catch {
                // libarchive only learns that there was one; `next` throws it.
                failure = error
                return -1
            }
        }

        func skip(_ count: Int64) -> Int64 {
            // Members of impossible sizes: from there on the source has nothing.
            let (end, isTooFar) = position.addingReportingOverflow(count)
            position = isTooFar ? .max : end
            return count
        }
    }
}
