import FoundationEssentials
import Glibc
import Layers
import Linux
import OCI
import SystemPackage
import TestSupport
import Threads
import Unpack

let isRoot = geteuid() == 0

/// Bytes in memory, handed out in pieces.
final class Bytes: ByteSource {
    private var rest: ArraySlice<UInt8>
    private let piece: Int

    init(_ bytes: [UInt8], piece: Int) {
        rest = bytes[...]
        self.piece = piece
    }

    func read(into target: UnsafeMutableRawBufferPointer) -> Int {
        let front = rest.prefix(min(piece, target.count))
        target.copyBytes(from: front)
        rest = rest.dropFirst(front.count)
        return front.count
    }
}

/// Unpacks a tar into a new folder `name`; the doubt where there is one.
@discardableResult
func unpack(
    _ tar: [UInt8], into folder: FilePath, isBase: Bool = false, type: MediaType = .ociLayer, packed: [UInt8]? = nil,
    piece: Int = 1 << 16
) async throws -> Result<ImpliedFolders, UnpackDoubt> {
    mkdir(folder.string, 0o755)
    let diffID = Digest.of(Data(tar))
    return await onThread("unpack") {
        Result { () throws(UnpackDoubt) in
            try PackedLayer.unpack(
                Bytes(packed ?? tar, piece: piece), of: type, diffID: diffID, into: folder, isBase: isBase)
        }
    }
}

extension Result where Failure == UnpackDoubt {
    /// Why it was doubted.
    var doubt: String? {
        if case .failure(let doubt) = self { doubt.reason } else { nil }
    }
}

/// What the kernel says of a file.
func status(_ path: FilePath) -> stat {
    var status = stat()
    return lstat(path.string, &status) == 0 ? status : stat()
}

/// Everything below a folder, sorted.
func listing(_ folder: FilePath) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.string).sorted()
}

/// An extended attribute.
func attribute(_ name: String, of path: FilePath) -> [UInt8]? {
    let file = open(path.string, O_RDONLY | O_NOFOLLOW)
    defer { close(file) }
    return ExtendedAttributes.value(name, ofFile: file)
}
