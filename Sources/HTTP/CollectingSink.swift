internal import Threads

/// Keeps a small body in memory; the request's own limit bounds it.
package final class CollectingSink: BodySink {
    private let collected = Lock<[UInt8]>([])

    package init() {}

    /// Everything that came so far.
    package var bytes: [UInt8] { collected.withLock { $0 } }

    package func begin(_ response: HTTPResponse) -> Bool {
        collected.withLock { $0 = [] }
        return true
    }

    package func take(_ bytes: UnsafeRawBufferPointer) -> BodyFlow {
        collected.withLock { $0 += bytes }
        return .proceed
    }
}
