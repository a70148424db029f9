package import OCI
package import SystemPackage

/// Why a bundle's images can't be brought into a containerd, or are not what they should be.
package enum NodeImagesError: Error, Sendable {
    /// Another import into the containerd behind this socket is running, in that process where it can be told.
    case busy(socket: FilePath, pid: Int?)
    /// A system call failed; `action` says which: "open", "lock" …
    case system(action: String, path: FilePath, errno: Errno)
    /// The bundle's archive doesn't have the bytes of a blob where they must be.
    case damaged(archive: FilePath, blob: Digest, images: [String])
    /// The part of the archive that holds a blob can't be read; `reason` says which part and why.
    case unreadable(blob: Digest, images: [String], reason: String)
    /// A layer's tar is not the one that the image's config lists.
    case layerDiffers(layer: Digest, expected: Digest, found: Digest, images: [String])
    /// containerd does not unpack a layer; `reason` is what it says.
    case layerRefused(layer: Digest, images: [String], reason: String)
    /// A delta's base was to have brought layers that are not there; nothing was changed.
    case baseMissing(base: String, blobs: Int, bytes: Int64, images: [String])
    /// A layer was to be unpacked on one that is not there.
    case chainBroken(chain: Digest, parent: Digest)
}

extension NodeImagesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .busy(let socket, let pid):
            "another import into the containerd at \(socket) is running" + (pid.map { ": process \($0)" } ?? "")
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .damaged(let archive, let blob, let images):
            "\(archive) is damaged: blob \(blob) does not match its digest, \(Self.needed(by: images))"
        case .unreadable(let blob, let images, let reason):
            "can't read blob \(blob), \(Self.needed(by: images)): \(reason)"
        case .layerDiffers(let layer, let expected, let found, let images):
            "can't unpack layer \(layer): its content is \(found), the image's config says \(expected), "
                + Self.needed(by: images)
        case .layerRefused(let layer, let images, let reason):
            "containerd can't unpack layer \(layer), \(Self.needed(by: images)): \(reason)"
        case .baseMissing(let base, let blobs, let bytes, let images):
            "this bundle is a delta on top of \(base), and \(blobs) layers (\(bytes) bytes) that this was to bring are not "
                + "in containerd, for:\n" + images.map { "  \($0)" }.joined(separator: "\n")
        case .chainBroken(let chain, let parent):
            "can't unpack \(chain): the snapshot \(parent) below it was removed meanwhile"
        }
    }

    /// What to do about it, where that is known.
    package var hint: String? {
        switch self {
        case .busy: "wait until it has ended, then run again"
        case .system(_, _, .permissionDenied), .system(_, _, .notPermitted): "use sudo"
        case .system, .layerDiffers, .layerRefused: nil
        case .damaged, .unreadable: "copy the bundle again from where it was built"
        case .baseMissing: "import the base first, or take a bundle that was built without --since"
        case .chainBroken: "run again"
        }
    }

    private static func needed(by images: [String]) -> String { "needed by \(images.joined(separator: ", "))" }
}
