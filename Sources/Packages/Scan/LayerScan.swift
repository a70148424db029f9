internal import Layers

/// Finds the packages in one layer.
package struct LayerScan {
    /// Reads one layer's blob to its end.
    ///
    /// `compression` is told by the first bytes, never by media type. Whatever is wrong with the layer is part of the
    /// result, and neither memory nor time grows beyond bounds: some 64 MiB, and 64 GiB of unpacked tar.
    ///
    /// - Parameter read: fills a buffer and returns how many bytes it put there, 0 at the end; called on this thread,
    ///   until it returns 0 even where nothing can be made of the bytes.
    /// - Returns: what was found and what was not read.
    /// - Throws: what `read` throws, and nothing else.
    package static func run<Failure: Error>(
        read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> LayerPackages {
        var failure: Failure?
        let found = withoutActuallyEscaping(read) { read in
            let source = BlobSource { buffer in
                guard failure == nil else { return 0 }
                do throws(Failure) { return try read(buffer) } catch {
                    failure = error
                    return 0
                }
            }
            return LayerWalk().run(ByteStream(source, capacity: 256 << 10))
        }
        if let failure { throw failure }
        return found
    }
}

/// The way through one layer.
private final class LayerWalk {
    /// The most of a layer that is unpacked; ten times the largest that anybody would pull.
    private static let unpackedLimit: Int64 = 64 << 30
    /// The same for what is inside archives inside the layer.
    private static let archiveLimit: Int64 = 16 << 30
    /// The largest database: the largest known ones of rpm have some 30 MB.
    private static let databaseLimit: Int64 = 40 << 20
    /// The largest text of one package.
    private static let textLimit: Int64 = 1 << 20

    private var findings = Findings()
    private let budget = Budget(archiveLimit)
    private var unsupported: Set<String> = []

    func run(_ blob: ByteStream) -> LayerPackages {
        var position: Int64 = 0
        do throws(ReadFault) {
            let members = TarStream(try LayerInput.tar(of: blob))
            while let entry = try members.next() {
                position = members.position
                guard members.position + entry.size <= Self.unpackedLimit else {
                    throw ReadFault("it holds more than \(Self.unpackedLimit >> 30) GiB; no more is unpacked")
                }
                try visit(entry, members)
            }
        } catch {
            let place = position == 0 ? "" : "behind byte \(position) of its tar: "
            findings.miss(nil, place + error.reason)
        }
        drain(blob)
        return findings.result()
    }

    private func drain(_ blob: ByteStream) {
        do throws(ReadFault) {
            while case let piece = try blob.look(ahead: 1), !piece.isEmpty { blob.advance(piece.count) }
        } catch {
            findings.miss(nil, error.reason)  // a blob's own source throws none
        }
    }

    private func visit(_ entry: TarEntry, _ tar: TarStream) throws(ReadFault) {
        guard let path = LayerPath.normal(entry.name) else {
            if case .folder = entry.kind { return }  // the root, most often
            return findings.miss(String(decoding: entry.name, as: UTF8.self), "no name that a container has")
        }
        if let whiteout = LayerPath.whiteout(path) {
            switch whiteout {
            case .removed(let path): findings.remove(path)
            case .emptied(let folder): findings.empty(folder)
            case .none: break
            }
            return
        }
        switch entry.kind {
        case .file: try read(path, tar.body)
        case .hardLink(let target): if let target = LayerPath.normal(target) { findings.link(path, to: target) }
        case .sparse: findings.miss(path, "a sparse file, which is not put together here")
        case .folder, .symbolicLink, .characterDevice, .blockDevice, .fifo, .other: break
        }
    }

    private func read(_ path: String, _ body: Section) throws(ReadFault) {
        switch Candidate.of(path) {
        case .dpkg: add(DpkgStatus.read(try database(body, path)), at: path)
        case .apk: add(ApkDatabase.read(try database(body, path)), at: path)
        case .rpm: add(RPMDatabase.read(try database(body, path)), at: path)
        case .rpmLog: if body.left > 0 { findings.miss(path, "changes to rpm's database that are not in it yet") }
        case .osRelease:
            if let found = OSRelease.read(try bytes(body, path, limit: Self.textLimit), at: path) {
                findings.add(found)
            }
        case .python: add(PythonMetadata.read(try bytes(body, path, limit: Self.textLimit)), at: path)
        case .node: add(NodeManifest.read(try bytes(body, path, limit: Self.textLimit)), at: path)
        case .javaRuntime:
            // Whatever else is called so is none of ours, however large.
            guard body.left <= Self.textLimit else { return }
            let reading = JavaRelease.read(try body.take(Int(body.left)))
            if !reading.packages.isEmpty { add(reading, at: path) }
        case .java:
            add(JavaArchive.read(ByteStream(body, capacity: 64 << 10), name: path, budget: budget), at: path)
        case .unsupported(let manager, let folder):
            if unsupported.insert(folder).inserted { findings.miss(folder, "what \(manager) installed is not read") }
        case nil: try readProgram(path, body)
        }
    }

    private func readProgram(_ path: String, _ body: Section) throws(ReadFault) {
        guard try body.look(ahead: 4).starts(with: GoSearch.elfMagic) else { return }
        let reading = try GoSearch.run(body)
        // No entry for other programs: layers have thousands of them.
        if !reading.packages.isEmpty || !reading.faults.isEmpty { add(reading, at: path) }
    }

    private func add(_ reading: Reading, at path: String) {
        findings.add(reading.packages, at: path)
        for fault in reading.faults { findings.miss(path, fault) }
    }

    private func database(_ body: Section, _ path: String) throws(ReadFault) -> [UInt8] {
        try bytes(body, path, limit: Self.databaseLimit)
    }

    /// The whole file, or nothing where it is larger than `limit`, which is told.
    private func bytes(_ body: Section, _ path: String, limit: Int64) throws(ReadFault) -> [UInt8] {
        guard body.left <= limit else {
            findings.miss(path, "it has \(body.left) bytes; at most \(limit) are read")
            return []
        }
        return try body.take(Int(body.left))
    }
}
