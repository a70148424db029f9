internal import Threads

/// The content of one frame on its way through the pipeline, and, for a compressed one, its encoded form.
///
/// A buffer belongs to one thread at a time: it is handed on through queues and comes back to the pool when written.
final class FrameBuffer: @unchecked Sendable {  // handed over whole through queues, never shared
    let content = UnsafeMutableRawBufferPointer.allocate(byteCount: FrameFormat.contentLimit, alignment: 64)
    private(set) var count = 0
    /// Allocated on the first compressed frame that uses this buffer: raw frames need none.
    private var encodedStorage: UnsafeMutableRawBufferPointer?
    var encodedCount = 0
    var coding = FrameCoding.raw
    var sequence = 0
    var failure: FramesError?

    deinit {
        content.deallocate()
        encodedStorage?.deallocate()
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: content[..<count]) }

    var free: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(rebasing: content[count...]) }

    var encoded: UnsafeMutableRawBufferPointer {
        if let encodedStorage { return encodedStorage }
        let storage = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Compressor.bound(FrameFormat.contentLimit), alignment: 64)
        encodedStorage = storage
        return storage
    }

    func advance(by amount: Int) { count += amount }

    func reset(coding: FrameCoding, sequence: Int) {
        count = 0
        encodedCount = 0
        failure = nil
        self.coding = coding
        self.sequence = sequence
    }
}

/// How the content that follows is to be stored.
package enum FrameCoding: Hashable, Sendable {
    /// As it is: for content that is compressed already.
    case raw
    /// Compressed at a zstd level.
    case compressed(level: Int32)
}
