internal import Containerd
internal import Glibc
internal import SystemPackage
internal import Unpack

/// Where containerd's overlayfs snapshotter keeps a snapshot that is being made, as its mounts tell (`overlay.go`).
struct SnapshotFolder {
    /// What the snapshot adds to those below.
    let upper: FilePath
    /// What those below have added, the nearest first.
    let lower: [FilePath]

    /// Options that do not change what belongs into the upper folder.
    private static let harmless = ["rw", "rbind"]
    private static let harmlessPrefixes = ["workdir=", "index=", "metacopy=", "redirect_dir=", "xino="]

    /// Throws unless the mounts are those of a plain overlay, whose folder is the same here as for `daemon`, and empty.
    init(_ mounts: [Mount], of daemon: Int32?) throws(UnpackDoubt) {
        guard let mount = mounts.first, mounts.count == 1 else { throw UnpackDoubt("a snapshot of several mounts") }
        var upper = mount.type == "bind" ? mount.source : nil
        var lower: [String] = []
        guard mount.type == "bind" || mount.type == "overlay" else { throw UnpackDoubt("a mount of \(mount.type)") }
        for option in mount.options where !Self.harmless.contains(option) {
            if option.hasPrefix("upperdir=") {
                upper = String(option.dropFirst("upperdir=".count))
            } else if option.hasPrefix("lowerdir=") {
                lower = option.dropFirst("lowerdir=".count).split(separator: ":").map(String.init)
            } else if !Self.harmlessPrefixes.contains(where: option.hasPrefix) {
                throw UnpackDoubt("a mount with the option \(option)")
            }
        }
        guard let upper, upper.hasPrefix("/"), lower.allSatisfy({ $0.hasPrefix("/") }) else {
            throw UnpackDoubt("a mount of no folder")
        }
        self.upper = FilePath(upper)
        self.lower = lower.map { FilePath($0) }
        try checkIdentity(daemon)
    }

    /// containerd may live in a container of its own, where the same path is another folder.
    private func checkIdentity(_ daemon: Int32?) throws(UnpackDoubt) {
        guard let daemon else { throw UnpackDoubt("containerd's process can't be seen from here") }
        var own = stat()
        var theirs = stat()
        guard lstat(upper.string, &own) == 0, lstat("/proc/\(daemon)/root\(upper.string)", &theirs) == 0,
            own.st_dev == theirs.st_dev, own.st_ino == theirs.st_ino, own.st_mode & S_IFMT == S_IFDIR,
            LayerFolder.isEmpty(upper)
        else { throw UnpackDoubt("containerd's folders are not the same for this process") }
    }
}
