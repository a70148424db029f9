internal import CIsal

/// Decodes one DEFLATE stream (RFC 1951) piece by piece, bare or as a gzip member (RFC 1952).
///
/// Every input is safe: what is damaged is told, and neither memory nor a single call's time grows with it.
package final class Inflater {
    /// What surrounds the stream.
    package enum Wrapping: Sendable {
        /// A gzip member; its checksum and length are compared.
        case gzip
        /// Nothing, as inside a zip archive.
        case none
    }

    /// What one step did.
    package struct Step: Sendable {
        /// How far the input is used. Below zero where a stream without wrapping ended and bytes of the step before
        /// lie behind it; never below -``Inflater/lookBack``.
        package var taken: Int
        /// How many bytes of the output were filled.
        package var given: Int
        /// The stream has ended: what follows in the input is not part of it.
        package var hasEnded: Bool
    }

    /// How many bytes of used input may turn out to lie behind the stream's end.
    package static let lookBack = 8

    private let state: UnsafeMutableRawPointer
    private let wrapping: Wrapping

    /// A decoder at the start of a stream.
    package init(_ wrapping: Wrapping) throws(InflateError) {
        guard let state = sealift_inflate_new() else { throw .memory }
        self.state = state
        self.wrapping = wrapping
        restart()
    }

    deinit { sealift_inflate_free(state) }

    /// Forgets the stream and starts with the next.
    package func restart() { sealift_inflate_start(state, wrapping == .gzip ? 1 : 0) }

    /// Decodes from `input` into `output`, as much as there is of the one or room in the other.
    ///
    /// A step that takes and gives nothing says that the input ends within the stream.
    package func step(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(InflateError) -> Step {
        var taken = 0
        var given = 0
        var hasEnded: Int32 = 0
        let code = sealift_inflate_step(
            state, input.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(clamping: input.count),
            output.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt32(clamping: output.count), &taken, &given,
            &hasEnded)
        guard code >= 0, code != ISAL_NEED_DICT else { throw .damaged(reason: Self.reason(code)) }
        return Step(taken: taken, given: given, hasEnded: hasEnded != 0)
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ISAL_INVALID_BLOCK: "a block has no known type or no code (RFC 1951, 3.2)"
        case ISAL_INVALID_SYMBOL: "a symbol that is in no code (RFC 1951, 3.2.5)"
        case ISAL_INVALID_LOOKBACK: "it repeats what lies before its start (RFC 1951, 3.2.5)"
        case ISAL_INVALID_WRAPPER: "it has no header of gzip's (RFC 1952, 2.3)"
        case ISAL_UNSUPPORTED_METHOD: "its compression is not deflate (RFC 1952, 2.3.1)"
        case ISAL_INCORRECT_CHECKSUM: "its checksum is not that of its content (RFC 1952, 2.3.1)"
        default: "error \(code) of the decoder"
        }
    }
}

/// Why a stream could not be decoded.
package enum InflateError: Error, Hashable, Sendable {
    /// The stream breaks a rule of its format.
    case damaged(reason: String)
    case memory
}

extension InflateError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damaged(let reason): "can't inflate: \(reason)"
        case .memory: "can't inflate: out of memory"
        }
    }
}
