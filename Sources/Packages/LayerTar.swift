internal import Layers

/// The tar inside a layer's blob, for who wants its bytes and not what they say.
package enum LayerTar {
    /// What a blob is compressed with, by its first bytes.
    package enum Compression: Hashable, Sendable {
        case none, gzip, zstd
    }

    /// What is wrong with a blob.
    package struct Fault: Error, Hashable, Sendable {
        package var reason: String
    }

    /// Reads a blob once, and gives its tar to `take` piece by piece; of one that is zstd nothing, it is only told.
    ///
    /// - Parameters:
    ///   - read: fills a buffer and returns how many bytes it put there, 0 at the end. Unless the blob is zstd it is
    ///     called until it returns 0, also where the compressed bytes are damaged: it may know why.
    ///   - take: gets the tar's bytes, valid only during the call.
    /// - Returns: what the blob is compressed with.
    /// - Throws: ``Fault`` where the blob can't be decompressed, or what `read` and `take` throw.
    package static func read(
        _ read: (UnsafeMutableRawBufferPointer) throws -> Int, take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Compression {
        var failure: (any Error)?
        let outcome = withoutActuallyEscaping(read) { read in
            let blob = ByteStream(
                BlobSource { buffer in
                    guard failure == nil else { return 0 }
                    do { return try read(buffer) } catch {
                        failure = error
                        return 0
                    }
                }, capacity: 256 << 10)
            return Result { try unpack(blob, take) }
        }
        if let failure { throw failure }
        return try outcome.get()
    }

    private static func unpack(
        _ blob: ByteStream, _ take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Compression {
        do {
            let compression = LayerInput.compression(of: try blob.look(ahead: 4))
            if case .zstd = compression { return .zstd }
            let tar = try LayerInput.tar(of: blob)
            while case let piece = try tar.look(ahead: 1), !piece.isEmpty {
                try take(piece)
                tar.advance(piece.count)
            }
            try drain(blob)
            return compression == .gzip ? .gzip : .none
        } catch let fault as ReadFault {
            // The blob's own digest says more than where a decoder stumbled.
            try drain(blob)
            throw Fault(reason: fault.reason)
        }
    }

    private static func drain(_ blob: ByteStream) throws(ReadFault) {
        while case let piece = try blob.look(ahead: 1), !piece.isEmpty { blob.advance(piece.count) }
    }
}
