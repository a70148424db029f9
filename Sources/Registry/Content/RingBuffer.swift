/// Bytes between one writer and one reader, in a block of fixed size that is allocated once.
struct RingBuffer: ~Copyable {
    private let storage: UnsafeMutableRawBufferPointer
    private var first = 0
    private(set) var count = 0

    init(capacity: Int) {
        storage = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    var capacity: Int { storage.count }
    var room: Int { capacity - count }

    /// Appends all of `bytes`, for which there must be room.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= room)
        let start = (first + count) % capacity
        let head = min(bytes.count, capacity - start)
        UnsafeMutableRawBufferPointer(rebasing: storage[start..<(start + head)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<head]))
        UnsafeMutableRawBufferPointer(rebasing: storage[..<(bytes.count - head)])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[head...]))
        count += bytes.count
    }

    /// Moves as many bytes as there are and as fit into `buffer`.
    mutating func remove(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let moved = min(count, buffer.count)
        let head = min(moved, capacity - first)
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<head])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[first..<(first + head)]))
        UnsafeMutableRawBufferPointer(rebasing: buffer[head..<moved])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<(moved - head)]))
        first = (first + moved) % capacity
        count -= moved
        return moved
    }
}
