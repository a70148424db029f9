/// Where a ``ByteStream`` gets its bytes from.
package protocol ByteSource: AnyObject {
    /// Fills the front of `target`; returns how many bytes there were, 0 at the end.
    func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int
}

/// Why bytes that somebody else made can't be read any further.
package struct ReadFault: Error, Hashable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
}

/// Bytes in order, with a look ahead at those that come next.
package final class ByteStream: ByteSource {
    /// How many used bytes stay at hand, for who notices too late that they were not his.
    package static let history = 64

    private let source: any ByteSource
    private let storage: UnsafeMutableRawBufferPointer
    private var start = ByteStream.history
    private var end = ByteStream.history
    private var hasEnded = false
    /// How many bytes were used so far.
    package private(set) var position: Int64 = 0

    /// A stream that holds up to `capacity` bytes at a time.
    package init(_ source: any ByteSource, capacity: Int) {
        self.source = source
        storage = .allocate(byteCount: capacity + Self.history, alignment: 64)
        storage.prefix(Self.history).initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { storage.deallocate() }

    /// The bytes at hand; valid until the next call.
    package var ready: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[start..<end]) }

    /// The bytes that come next: at least `count` of them, unless the stream ends before; valid until the next call.
    package func look(ahead count: Int) throws(ReadFault) -> UnsafeRawBufferPointer {
        while end - start < count, !hasEnded {
            if storage.count - start < count || end == storage.count { compact() }
            let got = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: storage[end...]))
            hasEnded = got == 0
            end += got
        }
        return ready
    }

    /// Uses bytes at hand; below zero takes used ones back, at most ``history``.
    package func advance(_ count: Int) {
        start += count
        position += Int64(count)
    }

    /// Uses `count` bytes unseen; throws where there are not so many.
    package func skip(_ count: Int64) throws(ReadFault) {
        var left = count
        while left > 0 {
            let piece = try look(ahead: 1).count
            guard piece > 0 else { throw ReadFault("it ends \(left) bytes too early") }
            advance(Int(min(left, Int64(piece))))
            left -= min(left, Int64(piece))
        }
    }

    package func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        let piece = UnsafeRawBufferPointer(rebasing: try look(ahead: 1).prefix(target.count))
        target.copyMemory(from: piece)
        advance(piece.count)
        return piece.count
    }

    /// The next `count` bytes; throws where there are not so many.
    package func take(_ count: Int) throws(ReadFault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            let piece = try look(ahead: 1).prefix(count - bytes.count)
            guard !piece.isEmpty else { throw ReadFault("it ends \(count - bytes.count) bytes too early") }
            bytes.append(contentsOf: piece)
            advance(piece.count)
        }
        return bytes
    }

    private func compact() {
        let kept = start - Self.history
        guard kept > 0 else { return }
        let moved = UnsafeRawBufferPointer(rebasing: storage[kept..<end])
        storage.copyMemory(from: moved)
        start -= kept
        end -= kept
    }
}

/// The next bytes of a stream up to a limit, as a source of their own.
package final class Section: ByteSource {
    private let stream: ByteStream
    package private(set) var left: Int64

    package init(of stream: ByteStream, count: Int64) {
        self.stream = stream
        left = count
    }

    package func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
        let limit = Int(min(left, Int64(target.count)))
        guard limit > 0 else { return 0 }
        let count = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<limit]))
        guard count > 0 else { throw ReadFault("it ends \(left) bytes too early") }
        left -= Int64(count)
        return count
    }

    /// The bytes that come next: at least `count` of them, unless the section ends before; valid until the next call.
    package func look(ahead count: Int) throws(ReadFault) -> UnsafeRawBufferPointer {
        let ready = try stream.look(ahead: Int(min(left, Int64(count))))
        return UnsafeRawBufferPointer(rebasing: ready.prefix(Int(min(left, Int64(ready.count)))))
    }

    /// Uses bytes at hand.
    package func advance(_ count: Int) {
        stream.advance(count)
        left -= Int64(count)
    }

    /// The next `count` bytes; throws where there are not so many.
    package func take(_ count: Int) throws(ReadFault) -> [UInt8] {
        guard count <= left else { throw ReadFault("it ends \(Int64(count) - left) bytes too early") }
        let bytes = try stream.take(count)
        left -= Int64(count)
        return bytes
    }

    /// Uses what is left unseen.
    package func finish() throws(ReadFault) {
        try stream.skip(left)
        left = 0
    }
}
