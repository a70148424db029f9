package import Frames
internal import Glibc
internal import OCI
package import SystemPackage

/// The media that a bundle may be spread over.
package struct BundleMedia: Sendable {
    /// Asked where parts are not at hand, with the error that says so: waits for the next medium and returns its folder,
    /// or `nil` to look again where was looked before. Throws to give up.
    package typealias Prompt = @Sendable (BundleError) throws -> FilePath?

    /// Where to look for parts, beside the folder of the file that was given.
    package var folders: [FilePath]
    /// `nil`: there is nobody to ask.
    package var prompt: Prompt?

    package init(_ folders: [FilePath] = [], prompt: Prompt? = nil) {
        self.folders = folders
        self.prompt = prompt
    }

    /// Opens the archive that `path` leads to: the file itself, or all parts, given the list of them, one of them, or the
    /// name of the whole, where only its parts are there.
    ///
    /// That each part is there and has the size that it must have is known afterwards; what is in it, is not. Throws
    /// ``BundleError`` or ``FramesError``.
    package func open(_ path: FilePath) throws -> PartedFile {
        guard var archive = try parts(of: path) else { return try PartedFile(opening: path) }
        let paths = try archive.find(archive.list.parts.indices, prompt)
        return try PartedFile(
            joining: zip(paths, archive.list.parts).map { (path: $0, size: $1.size) }, at: path)
    }

    /// The parts that `path` leads to; `nil` where it is an archive in one file, or nothing that could be one.
    package func parts(of path: FilePath) throws -> PartsOnMedia? {
        guard let name = path.lastComponent?.string else { return nil }
        let folder = path.removingLastComponent()
        let places = [folder.isEmpty ? "." : folder] + folders
        if name.hasSuffix(PartsList.suffix) {
            return PartsOnMedia(list: try PartsList(contentsOf: path), folders: places)
        }
        let isThere = access(path.string, F_OK) == 0
        guard let whole = PartsList.archive(ofPart: FilePath(name))?.string else {
            let list = PartsList.path(for: path)
            guard !isThere, access(list.string, F_OK) == 0 else { return nil }
            return PartsOnMedia(list: try PartsList(contentsOf: list), folders: places)
        }
        let lists = places.map { PartsList.path(for: $0.appending(whole)) }
        guard let path = lists.first(where: { access($0.string, F_OK) == 0 }) else {
            guard isThere else { return nil }
            throw BundleError.noPartsList(part: path, list: whole + PartsList.suffix, lookedIn: places)
        }
        let list = try PartsList(contentsOf: path)
        guard list.parts.contains(where: { $0.name == name }) else {
            throw BundleError.partsList(path: path, reason: "it does not have '\(name.printable())'")
        }
        return PartsOnMedia(list: list, folders: places)
    }
}

/// An archive in parts, and where they may be.
package struct PartsOnMedia: Sendable {
    package let list: PartsList
    /// Where parts are looked for, in this order.
    package private(set) var folders: [FilePath]

    /// Where some of the parts are, in their order. Only looks whether they are there and how long they are; asks `prompt`
    /// as long as one isn't, and throws ``BundleError/partsMissing(archive:count:faults:lookedIn:)`` where there is none.
    package mutating func find(_ indices: Range<Int>, _ prompt: BundleMedia.Prompt?) throws -> [FilePath] {
        while true {
            var paths: [FilePath] = []
            var faults: [PartFault] = []
            for part in list.parts[indices] {
                switch look(for: part) {
                case .success(let path): paths.append(path)
                case .failure(let fault): faults.append(fault)
                }
            }
            guard !faults.isEmpty else { return paths }
            let error = BundleError.partsMissing(
                archive: list.name, count: list.parts.count, faults: faults, lookedIn: folders)
            guard let prompt else { throw error }
            if let folder = try prompt(error) { folders.append(folder) }
        }
    }

    private func look(for part: PartsList.Part) -> Result<FilePath, PartFault> {
        var fault = PartFault(name: part.name, reason: nil)
        for folder in folders {
            let path = folder.appending(part.name)
            var status = stat()
            guard stat(path.string, &status) == 0 else {
                if errno != ENOENT, errno != ENOTDIR {
                    fault.reason = fault.reason ?? "can't look at \(path): \(Errno(rawValue: errno))"
                }
                continue
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                fault.reason = fault.reason ?? "\(path) is no file"
                continue
            }
            if Int64(status.st_size) == part.size { return .success(path) }
            fault.reason = "\(path) has \(status.st_size) bytes, not \(part.size)"
        }
        return .failure(fault)
    }
}

/// A part that is not at hand.
package struct PartFault: Error, Hashable, Sendable {
    package var name: String
    /// What there is in its place; `nil` where nothing is.
    package var reason: String?
}

extension PartFault: CustomStringConvertible {
    package var description: String { reason?.printable() ?? "\(name.printable()) is missing" }
}
