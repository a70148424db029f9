internal import HTTP

/// Where the bytes of a body go, in order.
protocol BodyOutput: Sendable {
    /// Takes `bytes`, which belong at `offset`; on `pause` nothing was taken.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(RegistryError) -> BodyFlow

    /// Forgets everything; `false` where what was written can't be taken back.
    func rewind() throws(RegistryError) -> Bool
}
