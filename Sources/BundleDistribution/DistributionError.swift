package import OCI
package import SystemPackage

/// Why a bundle can't be brought into a registry, or back.
package enum DistributionError: Error, Sendable {
    /// More members than the manifest of an artifact has room for.
    case tooManyMembers(Int)
    /// What the registry has under the name is no bundle that `push` has put there.
    case notABundle(ImageReference, reason: String)
    /// Two images of different registries would get the same name.
    case collision(ImageReference, ImageReference, target: String)
    /// A delta, which lacks a blob that the registry does not have either.
    case leftOut(Digest, of: ImageReference)
    /// A text that should name a registry, or a repository in one.
    case unusableTarget(String, reason: String)
    /// A text that should be the address of a server.
    case unusableServer(String)
    /// There is a file of the archive's name, with other content.
    case outputExists(FilePath)
    /// The archive that was put together is not the one that its `index.json` describes.
    case unlikeItsIndex(ImageReference, member: String)
}

extension DistributionError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooManyMembers(let count):
            "can't push the bundle as one artifact: registries take manifests of 4 MiB, which is too little for "
                + "\(count) members"
        case .notABundle(let reference, let reason): "can't pull \(reference): it is no bundle: \(reason)"
        case .collision(let one, let other, let target):
            "can't push \(one) and \(other): both would be \(target)"
        case .leftOut(let digest, let target):
            "can't push \(target.name): its blob \(digest) is not in the bundle, which is a delta, nor in the registry"
        case .unusableTarget(let text, let reason): "can't push to '\(text.printable(limit: 200))': \(reason)"
        case .unusableServer(let text): "can't send nodes to '\(text.printable(limit: 200))': it is no server's address"
        case .outputExists(let path): "can't pull to \(path): there is another file of that name"
        case .unlikeItsIndex(let reference, let member):
            "can't pull \(reference): its member '\(member.printable(limit: 200))' is not what its index.json wants there"
        }
    }

    /// What to do about it.
    package var hint: String? {
        switch self {
        case .tooManyMembers: "'sealift push --images' pushes its images one by one"
        case .notABundle: "'sealift push BUNDLE REGISTRY/REPOSITORY' makes one; images are for skopeo or crane"
        case .collision: "--keep-host puts each image's registry in front of its path"
        case .leftOut: "push the images of the delta's base first, to the same place"
        case .unusableTarget:
            "write the registry's host first, as in registry.example/platform or 127.0.0.1:5000/platform:1.0"
        case .unusableServer: "write it as nodes reach it: http://10.0.0.5:5000, or https://registry.example"
        case .outputExists: "--force replaces it; --output names another folder"
        case .unlikeItsIndex: "push the bundle again from where it was built"
        }
    }
}
