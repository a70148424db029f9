internal import BundleFormat
internal import OCI
internal import Threads

/// A blob on its way into the archive, of which another thread sees every byte: in one-pass mode nobody can read it
/// again.
///
/// The reader of the copy holds up packing when it is slower; at most some 16 MiB wait for it.
final class TappedPayload: PayloadSource {
    /// The blob was given up before its end.
    private struct Abandoned: Error {}

    /// Where the other thread reads.
    private final class Tap: PayloadSource, @unchecked Sendable {  // `rest` is the scanning thread's alone
        let chunks = BoundedQueue<[UInt8]>(capacity: 4)
        private let isWhole = Monitor(false)
        private var rest: ArraySlice<UInt8> = []

        func end() {
            isWhole.update { $0 = true }
            chunks.close()
        }

        func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
            if rest.isEmpty, let chunk = chunks.pop() { rest = chunk[...] }
            guard !rest.isEmpty else {
                guard isWhole.read({ $0 }) else { throw Abandoned() }
                return 0
            }
            let count = min(target.count, rest.count)
            target.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
    }

    private let source: any PayloadSource
    private let tap = Tap()

    /// Starts a thread that gives the copy to `scan`, which reads it to its end; then `done` is called on that thread,
    /// unless the blob was given up.
    init(
        _ source: any PayloadSource, scan: @escaping @Sendable (any PayloadSource) throws -> Void,
        done: @escaping @Sendable () -> Void
    ) {
        self.source = source
        let tap = self.tap
        OSThread.spawn(name: "scan") {
            // The one error that there can be is that nobody wants the result any more.
            if (try? scan(tap)) != nil { done() }
        }
    }

    deinit { tap.chunks.close() }

    func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try source.read(into: target)
        if count == 0 {
            tap.end()
        } else {
            tap.chunks.push(Array(UnsafeRawBufferPointer(rebasing: target[..<count])))
        }
        return count
    }
}
