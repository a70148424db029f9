internal import Glibc
internal import SystemPackage

/// The folder that a layer is unpacked into, and the folders in it on the way to the member at hand, all held open.
///
/// No path is looked up twice, and none through a link: a folder is opened below the one that it is in.
final class LayerTree {
    /// Each level holds a descriptor.
    private static let depthLimit = 200
    private static let folderFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC

    private let root: CInt
    private var levels: [(name: [UInt8], descriptor: CInt)] = []
    /// Folders that no member had described when they were needed, parents first.
    private(set) var implied: [EntryPath] = []

    init(_ folder: FilePath) throws(UnpackDoubt) {
        root = folder.withPlatformString { open($0, Self.folderFlags) }
        guard root >= 0 else { throw Self.doubt("open", folder.string) }
    }

    deinit {
        for level in levels { close(level.descriptor) }
        close(root)
    }

    /// The descriptor of the folder that `path` is in; the ones that are missing are made, as containerd's `mkparent`.
    ///
    /// Valid until the next call.
    func parent(of path: EntryPath) throws(UnpackDoubt) -> CInt { try enter(path.folders, making: true) }

    /// The same, where the folders must be there.
    func existingParent(of path: EntryPath) throws(UnpackDoubt) -> CInt { try enter(path.folders, making: false) }

    private func enter(_ folders: [[UInt8]], making: Bool) throws(UnpackDoubt) -> CInt {
        var shared = 0
        while shared < min(levels.count, folders.count), levels[shared].name == folders[shared] { shared += 1 }
        while levels.count > shared { close(levels.removeLast().descriptor) }
        guard folders.count <= Self.depthLimit else { throw UnpackDoubt("more than \(Self.depthLimit) folders deep") }
        while levels.count < folders.count {
            let name = folders[levels.count]
            let above = levels.last?.descriptor ?? root
            var descriptor = Self.at(name) { openat(above, $0, Self.folderFlags) }
            if descriptor < 0, errno == ENOENT, making {
                guard Self.at(name, { mkdirat(above, $0, 0o755) }) == 0 else { throw Self.doubt("make", name) }
                descriptor = Self.at(name) { openat(above, $0, Self.folderFlags) }
                // Past the mask for new files.
                guard descriptor < 0 || fchmod(descriptor, 0o755) == 0 else { throw Self.doubt("change", name) }
                if let path = try EntryPath(Array(folders[...levels.count].joined(separator: [UInt8(ascii: "/")]))) {
                    implied.append(path)
                }
            }
            guard descriptor >= 0 else { throw Self.doubt("enter", name) }
            levels.append((name, descriptor))
        }
        return levels.last?.descriptor ?? root
    }

    /// Sets the times of a folder of this layer, after everything in it is made.
    func setTimes(_ times: (timespec, timespec), of path: EntryPath) throws(UnpackDoubt) {
        let folder = try existingParent(of: path)
        guard Self.setTimes(times, path.name, in: folder) == 0 else { throw Self.doubt("set the times of", path.name) }
    }

    static func setTimes(_ times: (timespec, timespec), _ name: [UInt8], in folder: CInt) -> CInt {
        at(name) { name in
            withUnsafePointer(to: times) {
                $0.withMemoryRebound(to: timespec.self, capacity: 2) {
                    utimensat(folder, name, $0, AT_SYMLINK_NOFOLLOW)
                }
            }
        }
    }

    /// Calls `body` with `name` as system calls take it.
    static func at(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> CInt) -> CInt {
        (name + [0]).withUnsafeBytes { bytes in
            bytes.assumingMemoryBound(to: CChar.self).baseAddress.map(body) ?? -1
        }
    }

    /// What the last system call failed of, as a doubt.
    static func doubt(_ action: String, _ name: [UInt8]) -> UnpackDoubt {
        doubt(action, String(decoding: name, as: UTF8.self))
    }

    private static func doubt(_ action: String, _ name: String) -> UnpackDoubt {
        UnpackDoubt("can't \(action) \(name): \(Errno(rawValue: errno))")
    }
}
