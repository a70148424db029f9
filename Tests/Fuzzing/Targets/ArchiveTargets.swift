import BundleFormat
import FoundationEssentials
import OCI
import Signatures
import SystemPackage
import Tarball
import Threads

@testable import Frames

extension FuzzTarget {
    /// A framed file: as it is, or, where the input begins with an `f`, made of the frames that follow, each with its
    /// kind, the length of its content and its own, and with tables that are sound: no mutation would ever hit a digest.
    static let frames = FuzzTarget("frames") { input in
        let folder = ScratchFolder()
        let forged = input.first == UInt8(ascii: "f") ? forgedFrames(input.dropFirst()) : input
        folder.write(forged, to: "frames")
        guard let file = accepted({ try FramedFile(opening: folder.path.appending("frames")) }) else { return }
        try hold(file.size == Int64(forged.count), "the file is all that there is")
        try hold(
            forged.suffix(FrameTables.encode(file.entries).count) == FrameTables.encode(file.entries)[...],
            "tables that are read are those that would be written")
        _ = accepted { try file.peek(0..<min(file.contentSize, 1 << 20)) }
        var count: Int64 = 0
        let whole: Void? = accepted { try FrameReader(file).read(0..<file.contentSize) { count += Int64($0.count) } }
        try hold(whole == nil || count == file.contentSize, "reading gives as many bytes as there should be")
    }

    private static func forgedFrames(_ input: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var entries: [FrameEntry] = []
        var contentOffset: Int64 = 0
        var rest = input
        while rest.count >= 6, entries.count < 64 {
            let head = Array(rest.prefix(6))
            let contentCount = Int(head[1]) | Int(head[2]) << 8 | Int(head[3]) << 16
            let frame = rest.dropFirst(6).prefix(Int(head[4]) | Int(head[5]) << 8)
            rest = rest.dropFirst(6 + frame.count)
            let isCompressed = head[0] & 1 == 1
            entries.append(
                FrameEntry(
                    kind: isCompressed ? .compressed : .raw, offset: Int64(bytes.count), count: frame.count,
                    contentOffset: contentOffset, contentCount: contentCount,
                    digest: isCompressed ? sha256(frame) : nil))
            contentOffset += Int64(contentCount)
            bytes += frame
        }
        return bytes + FrameTables.encode(entries)
    }

    /// The members of a tar.
    static let tar = FuzzTarget("tar") { input in
        guard let reader = accepted({ try TarballReader(ByteSource(input)) }) else { return }
        var end: Int64 = 0
        for _ in 0..<10_000 {
            guard let member = accepted({ try reader.next() }) ?? nil else { return }
            try hold(member.size >= 0 && member.headerOffset >= end, "members follow each other")
            try hold(member.dataOffset >= member.headerOffset + Int64(TarHeader.blockSize), "a header is a block")
            // By bytes, as the kernel reads paths.
            let parts = member.name.utf8.split(separator: 0x2F, omittingEmptySubsequences: false).map { Array($0) }
            let others = ["", ".", ".."].map { Array($0.utf8) }
            try hold(!parts.contains(where: others.contains), "names lead nowhere but down, in one way")
            end = member.dataOffset
        }
    }

    private final class ByteSource: TarballSource {
        private let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int {
            guard offset < Int64(bytes.count) else { return 0 }
            let piece = bytes[Int(offset)...].prefix(target.count)
            target.copyBytes(from: piece)
            return piece.count
        }
    }

    /// The list of an archive's parts.
    static let parts = FuzzTarget("parts") { input in
        guard let list = accepted({ try PartsList(reading: Data(input)) }) else { return }
        // By bytes, as the kernel reads paths.
        let names = [list.name] + list.parts.map(\.name)
        try hold(
            names.allSatisfy { !$0.utf8.contains(0x2F) && !$0.utf8.contains(0) && !["", ".", ".."].contains($0) },
            "a part is a file beside the others")
        try hold(Set(names.map { Array($0.utf8) }).count == names.count, "no two have one name")
        try hold(
            list.parts.allSatisfy { $0.size > 0 && $0.size <= list.size }, "no part is larger than the whole, or empty")
        try hold(accepted { try PartsList(reading: list.encoded) } == list, "a list that is written again is the same")
    }

    /// A whole bundle, of which the input is the tar: framed soundly, opened and verified as by `verify`.
    ///
    /// The corpus has it signed, and with its key nothing else may pass.
    static let bundle = FuzzTarget("bundle") { input in
        let folder = ScratchFolder()
        folder.write(framed(input), to: "bundle")
        let path = folder.path.appending("bundle")
        guard waiting({ await isSound(path, trusting: .none) }) else { return }
        guard waiting({ await isSound(path, trusting: Corpus.signers) }) else { return }
        try hold(input == Corpus.signedBundle, "a signature fits what was signed, and nothing else")
    }

    private static func isSound(_ path: FilePath, trusting keys: TrustedKeys) async -> Bool {
        do {
            let bundle = try BundleReader(opening: path, trusting: keys)
            return try await BundleVerification(of: bundle).run(workers: 2) { _ in }.isSound
        } catch {
            _ = "\(error)"
            return false
        }
    }

    /// `content` in raw frames, with sound tables.
    private static func framed(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var entries: [FrameEntry] = []
        for start in stride(from: 0, to: content.count, by: FrameFormat.contentLimit) {
            let part = content[start..<min(start + FrameFormat.contentLimit, content.count)]
            let offset = bytes.count
            bytes += FrameFormat.header(contentCount: part.count)
            for block in stride(from: part.startIndex, to: part.endIndex, by: FrameFormat.blockLimit) {
                let end = min(block + FrameFormat.blockLimit, part.endIndex)
                bytes += FrameFormat.rawBlockHeader(count: end - block, isLast: end == part.endIndex)
                bytes += part[block..<end]
            }
            bytes += FrameFormat.littleEndian(part.withUnsafeBytes { ContentChecksum.of($0) })
            entries.append(
                FrameEntry(
                    kind: .raw, offset: Int64(offset), count: bytes.count - offset, contentOffset: Int64(start),
                    contentCount: part.count))
        }
        return bytes + FrameTables.encode(entries)
    }

    private static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hasher = DigestHasher()
        Array(bytes).withUnsafeBytes { hasher.update($0) }
        return hasher.digest().bytes
    }

    /// Blocks the calling thread, which is none of Swift's pool, until `body` is through.
    private static func waiting(_ body: @escaping @Sendable () async -> Bool) -> Bool {
        let result = Monitor<Bool?>(nil)
        Task.detached {
            let value = await body()
            result.update { $0 = value }
        }
        return result.wait {
            $0 != nil
        } then: {
            $0 ?? false
        }
    }
}
