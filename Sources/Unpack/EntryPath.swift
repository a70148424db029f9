/// Where a tar's member goes: the folders below the layer's root, and its own name in the last of them.
struct EntryPath: Hashable {
    /// From the root on.
    var folders: [[UInt8]]
    var name: [UInt8]

    private static let dot = [UInt8(ascii: ".")]
    /// containerd names a file by one path from the root of the host on, which the kernel takes up to 4,095 bytes.
    private static let lengthLimit = 3500

    /// Reads a name as containerd does, after Go's `filepath.Clean`; `nil` is the layer's root.
    ///
    /// Throws where the name leads upwards: which way then depends on links.
    init?(_ written: [UInt8]) throws(UnpackDoubt) {
        guard written.count <= Self.lengthLimit else { throw UnpackDoubt("a path of \(written.count) bytes") }
        var parts: [[UInt8]] = []
        for part in written.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(Self.dot) {
            guard !part.elementsEqual("..".utf8) else { throw UnpackDoubt("a name with ..") }
            guard !part.contains(0) else { throw UnpackDoubt("a name with a zero byte") }
            parts.append(Array(part))
        }
        guard let last = parts.popLast() else { return nil }
        folders = parts
        name = last
    }
}
