internal import Glibc
package import Layers
internal import Linux
package import SystemPackage

/// Unpacks a layer's tar into a folder of the overlay file system, exactly as containerd's own unpacker does it.
///
/// What that is stands in containerd's `archive/tar.go` and `tar_opts_linux.go`: whiteouts become devices 0:0, opaque
/// folders an attribute, and folders that no member describes are made. Whatever that unpacker refuses, does by chance,
/// or does in a way that needs more than this layer, is a doubt here. The folder is empty at first; after a doubt it
/// holds a part of the layer and is to be thrown away.
package final class LayerUnpacking {
    private static let whiteout = Array(".wh.".utf8)
    private static let special = Array(".wh..wh.".utf8)
    private static let opaque = Array(".wh..wh..opq".utf8)
    /// From how many bytes on a file's way to the disk is started at once, so that the last sync finds little to do.
    private static let writebackSize: Int64 = 1 << 20

    private let tree: LayerTree
    private let isBase: Bool
    private var described: [(path: EntryPath, times: (timespec, timespec))] = []

    private init(into folder: FilePath, isBase: Bool) throws(UnpackDoubt) {
        tree = try LayerTree(folder)
        self.isBase = isBase
    }

    /// Unpacks the tar of `stream` and reads what is behind its last member, up to the stream's end.
    ///
    /// `isBase`: nothing lies below the layer, so that its whiteouts have nothing to hide. What it returns are the
    /// folders that are to be given what those of the layers below have.
    package static func run(
        _ stream: ByteStream, into folder: FilePath, isBase: Bool
    ) throws(UnpackDoubt) -> ImpliedFolders {
        do {
            let unpacking = try LayerUnpacking(into: folder, isBase: isBase)
            let tar = TarStream(stream)
            while let entry = try tar.next() { try unpacking.add(entry, tar.body) }
            if let oddity = tar.oddityAtEnd { throw UnpackDoubt(oddity) }
            try readRest(of: stream)
            return try unpacking.finish()
        } catch let fault as ReadFault {
            throw UnpackDoubt(fault.reason)
        } catch {
            throw error as? UnpackDoubt ?? UnpackDoubt("\(error)")
        }
    }

    /// A tar ends with two blocks of zeros, or where its bytes end; what is behind is part of the diff ID, too.
    private static func readRest(of stream: ByteStream) throws {
        let block = try stream.look(ahead: TarHeaderBlock.size).prefix(TarHeaderBlock.size)
        guard block.isEmpty || block.count == TarHeaderBlock.size && block.allSatisfy({ $0 == 0 }) else {
            throw UnpackDoubt("its tar ends with one block of zeros and goes on")
        }
        while case let piece = try stream.look(ahead: 1), !piece.isEmpty { stream.advance(piece.count) }
    }

    /// What is left when all members are there: the times of folders, which each file in them has changed.
    private func finish() throws -> ImpliedFolders {
        for folder in described { try tree.setTimes(folder.times, of: folder.path) }
        let described = tree.implied.isEmpty ? [] : Set(described.map(\.path))
        return ImpliedFolders(tree.implied.map { ($0, isDescribed: described.contains($0)) })
    }

    private func add(_ entry: TarEntry, _ body: Section) throws {
        if let oddity = entry.oddity { throw UnpackDoubt(oddity) }
        guard entry.header.format == .posix || entry.header.isRestEmpty, entry.header.format != .star else {
            throw UnpackDoubt("a header of a dialect of its own")
        }
        let attributes = try EntryAttributes(entry)
        guard let path = try EntryPath(entry.name) else {
            // containerd leaves the root as the snapshot has it.
            guard case .folder = entry.kind else { throw UnpackDoubt("the root is no folder") }
            return
        }
        guard !path.folders.contains(where: { $0.starts(with: Self.whiteout) }) else {
            throw UnpackDoubt("a folder that is called like a whiteout")
        }
        if path.name.starts(with: Self.whiteout) { return try hide(path, attributes) }
        let folder = try tree.parent(of: path)
        switch entry.kind {
        case .file: return try write(body, path.name, in: folder, attributes)
        case .folder:
            described.append((path, attributes.times))
            return try makeFolder(path.name, in: folder, attributes)
        case .hardLink(let target): try link(path, to: target)
        case .symbolicLink(let target):
            guard !target.isEmpty, !target.contains(0) else { throw UnpackDoubt("a link to nowhere") }
            let made = LayerTree.at(target) { target in LayerTree.at(path.name) { symlinkat(target, folder, $0) } }
            guard made == 0 else { throw LayerTree.doubt("make the link", path.name) }
        case .characterDevice: try makeNode(entry.header, S_IFCHR, path.name, in: folder, attributes)
        case .blockDevice: try makeNode(entry.header, S_IFBLK, path.name, in: folder, attributes)
        case .fifo: try makeNode(nil, S_IFIFO, path.name, in: folder, attributes)
        case .sparse: throw UnpackDoubt("a sparse file")
        case .other(let type): throw UnpackDoubt("a member of type \(type)")
        }
        // The way to a link's target has moved the tree on.
        try attributes.apply(to: path.name, in: try tree.parent(of: path))
    }

    private func write(_ body: Section, _ name: [UInt8], in folder: CInt, _ attributes: EntryAttributes) throws {
        // What is there already is never written over: containerd would remove it first.
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = LayerTree.at(name) { openat(folder, $0, flags, 0o600) }
        guard file >= 0 else { throw LayerTree.doubt("make", name) }
        defer { close(file) }
        let size = body.left
        while body.left > 0 {
            let piece = try body.look(ahead: 1)
            guard !piece.isEmpty else { throw ReadFault("it ends \(body.left) bytes too early") }
            let count = Glibc.write(file, piece.baseAddress, piece.count)
            guard count > 0 else { throw LayerTree.doubt("write", name) }
            body.advance(count)
        }
        try attributes.apply(toFile: file, name)
        if size >= Self.writebackSize { Kernel.startWriteback(of: file) }
    }

    private func makeFolder(_ name: [UInt8], in folder: CInt, _ attributes: EntryAttributes) throws {
        if LayerTree.at(name, { mkdirat(folder, $0, 0o700) }) != 0, errno != EEXIST {
            throw LayerTree.doubt("make", name)
        }
        let made = LayerTree.at(name) { openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        // Something else of that name is there: containerd would remove it, and whatever has come into it.
        guard made >= 0 else { throw LayerTree.doubt("make the folder", name) }
        defer { close(made) }
        try attributes.apply(toFile: made, name)
    }

    private func makeNode(
        _ header: TarHeaderBlock?, _ type: mode_t, _ name: [UInt8], in folder: CInt, _ attributes: EntryAttributes
    ) throws {
        var device: UInt = 0
        if let header {
            guard header.format != .old, let major = header.deviceMajor, let minor = header.deviceMinor,
                (0..<4096).contains(major), (0..<1 << 20).contains(minor)
            else { throw UnpackDoubt("a device without a number") }
            device = Kernel.device(major: UInt32(major), minor: UInt32(minor))
        }
        guard LayerTree.at(name, { mknodat(folder, $0, type | attributes.mode, device) }) == 0 else {
            throw LayerTree.doubt("make the device", name)
        }
    }

    private func link(_ path: EntryPath, to target: [UInt8]) throws {
        guard let target = try EntryPath(target) else { throw UnpackDoubt("a hard link to the root") }
        // Held on its own, since the tree keeps one way open at a time.
        let from = dup(try tree.existingParent(of: target))
        guard from >= 0 else { throw LayerTree.doubt("enter the folder of", target.name) }
        defer { close(from) }
        let folder = try tree.parent(of: path)
        let made = LayerTree.at(target.name) { target in
            LayerTree.at(path.name) { linkat(from, target, folder, $0, 0) }
        }
        guard made == 0 else { throw LayerTree.doubt("make the hard link", path.name) }
    }

    /// Hides what lies below, image-spec layer.md, "Whiteouts", in the way of the overlay file system.
    private func hide(_ path: EntryPath, _ attributes: EntryAttributes) throws {
        guard !isBase else { throw UnpackDoubt("a whiteout in a layer that lies on nothing") }
        let folder = try tree.parent(of: path)
        if path.name == Self.opaque {
            guard ExtendedAttributes.set("trusted.overlay.opaque", to: Array("y".utf8), ofFile: folder) else {
                throw LayerTree.doubt("make opaque the folder of", path.name)
            }
            return
        }
        let name = Array(path.name.dropFirst(Self.whiteout.count))
        guard !path.name.starts(with: Self.special), !name.isEmpty, name != Array(".".utf8), name != Array("..".utf8)
        else { throw UnpackDoubt("a whiteout of a special name") }
        guard LayerTree.at(name, { mknodat(folder, $0, S_IFCHR, 0) }) == 0,
            LayerTree.at(name, { fchownat(folder, $0, attributes.userID, attributes.groupID, AT_SYMLINK_NOFOLLOW) })
                == 0
        else { throw LayerTree.doubt("hide", name) }
    }
}
