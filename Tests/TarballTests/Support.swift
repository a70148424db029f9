import Tarball

/// Bytes in memory, and a count of what was read of them.
final class ArraySource: TarballSource {
    private let bytes: [UInt8]
    private(set) var readCount = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) -> Int {
        guard offset < bytes.count else { return 0 }
        let piece = bytes[Int(offset)..<min(bytes.count, Int(offset) + target.count)]
        target.copyBytes(from: piece)
        readCount += piece.count
        return piece.count
    }
}

/// An archive of files as Sealift writes it.
func archive(_ members: [(name: String, size: Int)]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, size) in members {
        bytes += try TarHeader.encode(name: name, size: Int64(size))
        bytes += [UInt8](repeating: 0x55, count: size)
        bytes += [UInt8](repeating: 0, count: TarHeader.padding(after: Int64(size)))
    }
    return bytes + [UInt8](repeating: 0, count: TarHeader.trailerSize)
}
