internal import CXXHash

/// The checksum at the end of a frame: the low 32 bits of the content's XXH64 (RFC 8878, 3.1.1).
struct ContentChecksum: ~Copyable {
    private let state: OpaquePointer?

    init() {
        state = XXH64_createState()
        XXH64_reset(state, 0)
    }

    deinit { XXH64_freeState(state) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        XXH64_update(state, bytes.baseAddress, bytes.count)
    }

    func value() -> UInt32 { UInt32(truncatingIfNeeded: XXH64_digest(state)) }

    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        UInt32(truncatingIfNeeded: XXH64(bytes.baseAddress, bytes.count, 0))
    }
}
