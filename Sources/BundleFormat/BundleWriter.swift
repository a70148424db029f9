internal import FoundationEssentials
package import Frames
package import OCI
package import SystemPackage
internal import Tarball

/// Gives a payload blob's bytes, in order; whoever implements it also checks them against the blob's digest.
package protocol PayloadSource: AnyObject {
    /// Fills the start of `target`; returns how many bytes, 0 at the end, where a wrong digest is thrown at the latest.
    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Writes the archive of a bundle in one pass.
package struct BundleWriter {
    /// For documents: they are few and read often.
    ///
    /// Above 9, libzstd takes 48 MiB for each thread to save 2 % of them.
    private static let frontLevel: Int32 = 9
    /// For payload that is not compressed yet.
    private static let payloadLevel: Int32 = 3
    private static let peekSize = 512

    private let contents: BundleContents

    package init(_ contents: BundleContents) { self.contents = contents }

    /// Writes the archive to `file`, without syncing it.
    ///
    /// - Parameters:
    ///   - file: where to write, from its current position.
    ///   - path: its path, for errors.
    ///   - workers: how many threads compress; the result does not depend on it.
    ///   - packed: told of each blob behind its last byte; only where there will be an appendix, and `file` can be read.
    ///   - payload: opens a blob; called once per blob, in the archive's order, on the caller's thread.
    ///   - progress: told the bytes packed since the last call; may throw to stop.
    ///   - appendix: asked for what stands behind the blobs when the last one is written.
    /// - Returns: the archive's digest and size.
    /// - Throws: ``BundleError`` or `FramesError`, or what `payload`, `progress` and `appendix` throw.
    package func write(
        to file: FileDescriptor, at path: FilePath, workers: Int, packed: ((PackedBlob) -> Void)? = nil,
        payload: (Descriptor) throws -> any PayloadSource, progress: (Int64) throws -> Void,
        appendix: () throws -> BundleAppendix? = { nil }
    ) throws -> (digest: Digest, size: Int64) {
        try write(
            to: .file(file, path), workers: workers, packed: packed, payload: payload, progress: progress,
            appendix: appendix)
    }

    /// Writes the archive to a file, or to one part after the other; the bytes are the same. See above for the rest.
    package func write(
        to target: ArchiveTarget, workers: Int, packed: ((PackedBlob) -> Void)? = nil,
        payload: (Descriptor) throws -> any PayloadSource, progress: (Int64) throws -> Void,
        appendix: () throws -> BundleAppendix? = { nil }
    ) throws -> (digest: Digest, size: Int64) {
        let frames = try FrameWriter(to: target, workers: workers)
        do {
            try frames.cut(.compressed(level: Self.frontLevel))
            for member in contents.members {
                switch member.content {
                case .document(let bytes): try write(member, bytes, to: frames)
                case .blob(let descriptor):
                    try write(member, descriptor, from: payload(descriptor), to: frames, progress: progress)
                    let end = frames.contentCount - Int64(TarHeader.padding(after: member.size))
                    packed?(PackedBlob(descriptor, at: (end - member.size)..<end, in: frames.written))
                }
            }
            // The last blob can only be read when its last frame is on its way; the appendix begins one anyway.
            if packed != nil { try frames.cut(.compressed(level: Self.frontLevel)) }
            try write(appendix(), to: frames)
            try Self.zeros(TarHeader.trailerSize, to: frames)
            return try frames.finish()
        } catch {
            frames.cancel()
            throw error
        }
    }

    /// Writes the archive with the payload of another one of the same bundle, whose frames are taken over as they are:
    /// what comes out is what packing anew would give.
    ///
    /// `original` is an archive with the same payload as the contents, and an appendix if there is one here;
    /// `progress` is told the bytes copied since the last call, and may throw to stop. Returns the archive's digest and
    /// size; it is not synced.
    package func write(
        to file: FileDescriptor, at path: FilePath, workers: Int, withPayloadOf original: BundleReader,
        appendix: BundleAppendix?, progress: (Int64) throws -> Void
    ) throws -> (digest: Digest, size: Int64) {
        let places = try original.contents.layout()
        let payload = zip(original.contents.members, places).first { member, _ in
            if case .blob = member.content { true } else { false }
        }
        let frames = try FrameWriter(to: file, at: path, workers: workers)
        do {
            try frames.cut(.compressed(level: Self.frontLevel))
            for member in contents.members {
                if case .document(let bytes) = member.content { try write(member, bytes, to: frames) }
            }
            // The end of the tar is in the last frame: the appendix's, which is written anew, or the payload's.
            if let payload {
                try frames.append(
                    framesOf: original.file, from: payload.1.headerOffset,
                    upTo: appendix == nil ? nil : places.last?.end,
                    progress: progress)
            }
            try write(appendix, to: frames)
            if payload == nil || appendix != nil { try Self.zeros(TarHeader.trailerSize, to: frames) }
            return try frames.finish()
        } catch {
            frames.cancel()
            throw error
        }
    }

    private func write(_ member: BundleContents.Member, _ bytes: Data, to frames: FrameWriter) throws {
        try Self.header(of: member, to: frames)
        try bytes.withUnsafeBytes { try frames.write($0) }
        try Self.zeros(TarHeader.padding(after: member.size), to: frames)
    }

    private func write(_ appendix: BundleAppendix?, to frames: FrameWriter) throws {
        guard let appendix else { return }
        try frames.cut(.compressed(level: Self.frontLevel))
        for member in appendix.members {
            if case .document(let bytes) = member.content { try write(member, bytes, to: frames) }
        }
    }

    private func write(
        _ member: BundleContents.Member, _ descriptor: Descriptor, from source: any PayloadSource,
        to frames: FrameWriter, progress: (Int64) throws -> Void
    ) throws {
        // The bytes decide how they are stored, never the media type: vendors' media types are wrong often enough.
        var start = [UInt8](repeating: 0, count: Self.peekSize)
        let startCount = try start.withUnsafeMutableBytes { try Self.fill($0, from: source) }
        try frames.cut(Self.coding(start[..<startCount]))
        try Self.header(of: member, to: frames)
        try start[..<startCount].withUnsafeBytes { try frames.write($0) }
        var done = Int64(startCount)
        while true {
            let count = try source.read(into: frames.room())
            guard count > 0 else { break }
            done += Int64(count)
            guard done <= member.size else { break }
            frames.advance(by: count)
            try progress(Int64(count))
        }
        guard done == member.size else {
            throw BundleError.payload(
                digest: descriptor.digest.description,
                reason: "it has \(done > member.size ? "more than " : "")\(done) bytes, not \(member.size)")
        }
        try progress(Int64(startCount))
        try Self.zeros(TarHeader.padding(after: member.size), to: frames)
    }

    private static func header(of member: BundleContents.Member, to frames: FrameWriter) throws {
        try TarHeader.encode(name: member.name, size: member.size).withUnsafeBytes { try frames.write($0) }
    }

    private static func zeros(_ count: Int, to frames: FrameWriter) throws {
        try [UInt8](repeating: 0, count: count).withUnsafeBytes { try frames.write($0) }
    }

    private static func fill(_ target: UnsafeMutableRawBufferPointer, from source: any PayloadSource) throws -> Int {
        var count = 0
        while count < target.count {
            let more = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: target[count...]))
            guard more > 0 else { break }
            count += more
        }
        return count
    }

    /// Raw for what starts like the output of a compressor: gzip, zstd, xz, bzip2, lz4.
    private static func coding(_ start: ArraySlice<UInt8>) -> FrameCoding {
        let magics: [[UInt8]] = [
            [0x1F, 0x8B], [0x28, 0xB5, 0x2F, 0xFD], [0xFD, 0x37, 0x7A, 0x58, 0x5A], [0x42, 0x5A, 0x68],
            [0x04, 0x22, 0x4D, 0x18],
        ]
        return magics.contains { start.starts(with: $0) } ? .raw : .compressed(level: payloadLevel)
    }
}
