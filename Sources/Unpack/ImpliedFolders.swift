internal import Glibc
internal import Linux
package import SystemPackage

/// Folders of a layer that its tar doesn't describe, or not before something is in them: they are what they are below.
package struct ImpliedFolders: Sendable {
    /// Parents first.
    private let folders: [(path: EntryPath, isDescribed: Bool)]

    init(_ folders: [(path: EntryPath, isDescribed: Bool)]) { self.folders = folders }

    /// Gives the folders of `layer` owner, mode and attributes of the first layer below that has them: containerd's
    /// `mkparent`. `lower` are the folders of those below, the nearest first.
    package func adopt(in layer: FilePath, from lower: [FilePath]) throws(UnpackDoubt) {
        for (path, isDescribed) in folders {
            guard let origin = try Self.find(path, in: lower) else { continue }
            defer { close(origin) }
            let target = try Self.open(path, in: layer)
            guard let target else { throw UnpackDoubt("a folder that was there is gone") }
            defer { close(target) }
            try Self.copy(origin, to: target, path.name, attributesOnly: isDescribed)
        }
    }

    private static func find(_ path: EntryPath, in lower: [FilePath]) throws(UnpackDoubt) -> CInt? {
        for layer in lower { if let found = try open(path, in: layer) { return found } }
        return nil
    }

    /// Opens a folder of a layer; `nil` where the layer doesn't have it.
    private static func open(_ path: EntryPath, in layer: FilePath) throws(UnpackDoubt) -> CInt? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        var descriptor = layer.withPlatformString { Glibc.open($0, flags) }
        for name in path.folders + [path.name] where descriptor >= 0 {
            let next = LayerTree.at(name) { openat(descriptor, $0, flags) }
            let code = errno
            close(descriptor)
            errno = code
            descriptor = next
        }
        if descriptor >= 0 { return descriptor }
        // Something else than a folder, perhaps a link to one: containerd's to decide.
        guard errno == ENOENT else { throw LayerTree.doubt("look below at", path.name) }
        return nil
    }

    private static func copy(
        _ origin: CInt, to target: CInt, _ folder: [UInt8], attributesOnly: Bool
    ) throws(UnpackDoubt) {
        var status = stat()
        guard fstat(origin, &status) == 0 else { throw LayerTree.doubt("look at", folder) }
        // What is in the folder by now would have inherited from it.
        guard status.st_mode & S_ISGID == 0 else { throw UnpackDoubt("a folder below hands on its group") }
        if !attributesOnly {
            guard fchown(target, status.st_uid, status.st_gid) == 0, fchmod(target, status.st_mode & 0o7777) == 0
            else { throw LayerTree.doubt("change", folder) }
        }
        guard let names = ExtendedAttributes.names(ofFile: origin) else {
            throw LayerTree.doubt("list the attributes of", folder)
        }
        for name in names where !name.hasPrefix("trusted.") {
            guard !name.hasPrefix("system.") else { throw UnpackDoubt("a folder below has \(name)") }
            guard let value = ExtendedAttributes.value(name, ofFile: origin),
                // What the layer itself says counts.
                ExtendedAttributes.set(name, to: value, ofFile: target, isNew: true) || errno == EEXIST
                    || errno == ENOTSUP
            else { throw LayerTree.doubt("copy \(name) of", folder) }
        }
        if !attributesOnly, LayerFolder.isEmpty(FilePath("/proc/self/fd/\(target)")) {
            // Nothing that came into it has changed its times.
            var times = [status.st_atim, status.st_mtim]
            guard futimens(target, &times) == 0 else { throw LayerTree.doubt("set the times of", folder) }
        }
    }
}
