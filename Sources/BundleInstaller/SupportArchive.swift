internal import BundleFormat
internal import Frames
internal import SystemPackage
internal import Tarball

/// One tar.zst for the people who help from afar: texts, with every secret that is known taken out.
struct SupportArchive {
    private var members: [(name: String, bytes: [UInt8])] = []
    private let secrets: Secrets

    /// Starts an archive that holds none of `secrets`.
    init(without secrets: Secrets) { self.secrets = secrets }

    /// Adds a text under a relative name; a name that is there gets a number.
    mutating func add(_ name: String, _ bytes: some Sequence<UInt8>) {
        let taken = members.filter { $0.name == name || $0.name.hasPrefix(name + ".") }.count
        members.append((taken == 0 ? name : "\(name).\(taken)", secrets.removed(from: Array(bytes))))
    }

    /// Writes the archive, whole or not at all, for its owner's eyes only; everything in it is below `folder/`.
    func write(to path: FilePath, folder: String) throws {
        try DurableFile.write(to: path, mode: [.ownerRead, .ownerWrite]) { file, temporary in
            let writer = try FrameWriter(to: file, at: temporary, workers: 1)
            do {
                try writer.cut(.compressed(level: 3))
                for member in members {
                    let size = Int64(member.bytes.count)
                    try writer.write(TarHeader.encode(name: "\(folder)/\(member.name)", size: size))
                    try writer.write(member.bytes)
                    try writer.write([UInt8](repeating: 0, count: TarHeader.padding(after: size)))
                }
                try writer.write([UInt8](repeating: 0, count: TarHeader.trailerSize))
                _ = try writer.finish()
            } catch {
                writer.cancel()
                throw error
            }
        }
    }
}

extension FrameWriter {
    fileprivate func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}
