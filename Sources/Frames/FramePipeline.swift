internal import OCI
internal import Threads

/// The threads behind a ``FrameWriter``: compressors, and the one that writes frames in their order.
final class FramePipeline: Sendable {
    private let pool: BoundedQueue<FrameBuffer>
    private let toCompress: BoundedQueue<FrameBuffer>
    private let finished: BoundedQueue<FrameBuffer>
    private let firstFailure = Lock<FramesError?>(nil)
    private let output: Lock<FrameOutput>
    /// How much content is in the file, whether no more will come, and why, where something failed.
    private let progress = Monitor((written: Int64(0), isOver: false, failure: FramesError?.none))
    private let threads = Lock<(compressors: [OSThread], writer: OSThread?)>(([], nil))

    init(to target: ArchiveTarget, workers: Int) {
        let buffers = workers + 4
        pool = BoundedQueue(capacity: buffers)
        toCompress = BoundedQueue(capacity: buffers)
        finished = BoundedQueue(capacity: buffers)
        output = Lock(FrameOutput(to: target))
        for _ in 0..<buffers { _ = pool.push(FrameBuffer()) }
        threads.withLock {
            $0.compressors = (0..<workers).map { _ in OSThread.spawn(name: "compress") { self.compressFrames() } }
            $0.writer = OSThread.spawn(name: "write") { self.writeFrames() }
        }
    }

    var failure: FramesError? { firstFailure.withLock { $0 } }

    /// A free buffer, or `nil` when the pipeline has failed or was cancelled.
    func takeBuffer() -> FrameBuffer? { pool.pop() }

    func submit(_ buffer: FrameBuffer) {
        switch buffer.coding {
        case .raw: _ = finished.push(buffer)
        case .compressed: _ = toCompress.push(buffer)
        }
    }

    /// Takes a frame whose form is final already.
    func submitEncoded(_ buffer: FrameBuffer) { _ = finished.push(buffer) }

    func finish() throws(FramesError) -> (digest: Digest, size: Int64) {
        stop()
        if let failure { throw failure }
        return try output.withLock { output throws(FramesError) in try output.finish() }
    }

    func cancel() {
        end(because: .compression(reason: "cancelled"))
        stop()
    }

    /// See ``WrittenFrames``.
    func file(holding range: Range<Int64>) throws(FramesError) -> FramedFile? {
        let (written, failure) = progress.wait {
            $0.isOver || $0.written >= range.upperBound
        } then: {
            ($0.written, $0.failure)
        }
        if written >= range.upperBound {
            return try output.withLock { output throws(FramesError) in try output.file(holding: range) }
        }
        if let failure { throw failure }
        return nil
    }

    /// Waits for every thread; frames that were submitted are still written unless something failed.
    private func stop() {
        let (compressors, writer) = threads.withLock { held in
            defer { held = ([], nil) }
            return held
        }
        toCompress.close()
        for thread in compressors { thread.join() }
        finished.close()
        writer?.join()
        pool.close()
        output.withLock { $0.isOver = true }
        progress.update { $0.isOver = true }
    }

    private func fail(_ error: FramesError) {
        progress.update { if !$0.isOver { $0.failure = error } }
        end(because: error)
    }

    private func end(because error: FramesError) {
        firstFailure.withLock { $0 = $0 ?? error }
        // Wakes a producer that waits for a buffer; it finds the failure.
        pool.close()
        toCompress.close()
        progress.update { $0.isOver = true }
    }

    private func compressFrames() {
        let compressor = Compressor()
        while let buffer = toCompress.pop() {
            if case .compressed(let level) = buffer.coding {
                do throws(FramesError) {
                    buffer.encodedCount = try compressor.compress(buffer.bytes, into: buffer.encoded, level: level)
                } catch {
                    buffer.failure = error
                }
            }
            _ = finished.push(buffer)
        }
    }

    private func writeFrames() {
        var waiting: [Int: FrameBuffer] = [:]
        var next = 0
        while let buffer = finished.pop() {
            waiting[buffer.sequence] = buffer
            while let ready = waiting.removeValue(forKey: next) {
                next += 1
                if failure == nil {
                    do throws(FramesError) {
                        if let failure = ready.failure { throw failure }
                        try output.withLock { output throws(FramesError) in try output.append(ready) }
                        progress.update { $0.written += Int64(ready.count) }
                    } catch {
                        fail(error)
                    }
                }
                _ = pool.push(ready)
            }
        }
    }
}
