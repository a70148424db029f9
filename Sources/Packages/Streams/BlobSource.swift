internal import Layers

/// The blob itself, from whoever has it.
final class BlobSource: ByteSource {
    private let pull: (UnsafeMutableRawBufferPointer) -> Int

    /// `pull` fills a buffer and returns how many bytes it put there, 0 at the end.
    init(_ pull: @escaping (UnsafeMutableRawBufferPointer) -> Int) { self.pull = pull }

    func read(into target: UnsafeMutableRawBufferPointer) -> Int { pull(target) }
}
