internal import HTTP
internal import Threads

/// The bytes of a blob that is put into a registry, in any order, as often as they are asked for.
package protocol BlobContent: Sendable {
    /// Fills the start of `target` with what stands at `offset`; returns how many bytes, at least one.
    ///
    /// Called by one thread at a time, the transport's own: it must be quick.
    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Reads a blob for the transport: counts what is sent, and keeps the reason why reading failed.
final class BlobUpload: UploadSource {
    private struct State {
        var sent: Int64 = 0
        var failure: (any Error)?
    }

    private let content: any BlobContent
    private let progress: @Sendable (Int64) -> Void
    private let state = Lock(State())

    init(_ content: any BlobContent, progress: @escaping @Sendable (Int64) -> Void) {
        self.content = content
        self.progress = progress
    }

    /// Why the content could not be read.
    var failure: (any Error)? { state.withLock { $0.failure } }

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int? {
        do {
            let count = try content.read(at: offset, into: target)
            note(offset + Int64(count))
            return count
        } catch {
            state.withLock { $0.failure = error }
            return nil
        }
    }

    /// Says how much is sent; less than before where it has to be sent again.
    func note(_ sent: Int64) {
        let added = state.withLock { state in
            defer { state.sent = sent }
            return sent - state.sent
        }
        if added != 0 { progress(added) }
    }
}

/// A small body in memory.
struct BytesUpload: UploadSource {
    let bytes: [UInt8]

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int? {
        let piece = bytes[Int(offset)...].prefix(target.count)
        target.copyBytes(from: piece)
        return piece.count
    }
}
