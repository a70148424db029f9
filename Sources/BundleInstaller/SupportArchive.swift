internal import BundleFormat
internal import FoundationEssentials
internal import Frames
package import SystemPackage
internal import Tarball

/// One tar.zst for the people who help from afar: texts, with every secret that is known taken out.
package struct SupportArchive {
    private var members: [(name: String, bytes: [UInt8])] = []
    private let secrets: [[UInt8]]

    private static let removed = Array("[removed]".utf8)

    /// Starts an archive that holds none of `secrets`, neither as they are nor as Kubernetes writes them in Secrets.
    package init(without secrets: some Sequence<String>) {
        // Longest first: one secret may be the beginning of another. Shorter ones would tear up innocent text.
        self.secrets = secrets.filter { $0.utf8.count >= 6 }
            .flatMap { [Array($0.utf8), Array(Data($0.utf8).base64EncodedString().utf8)] }
            .sorted { $0.count > $1.count }
    }

    /// Adds a text under a relative name; a name that is there gets a number.
    package mutating func add(_ name: String, _ bytes: some Sequence<UInt8>) {
        let taken = members.filter { $0.name == name || $0.name.hasPrefix(name + ".") }.count
        members.append((taken == 0 ? name : "\(name).\(taken)", clean(Array(bytes))))
    }

    /// Writes the archive, whole or not at all, for its owner's eyes only; everything in it is below `folder/`.
    package func write(to path: FilePath, folder: String) throws {
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

    private func clean(_ bytes: [UInt8]) -> [UInt8] {
        secrets.reduce(bytes) { bytes, secret in
            var result: [UInt8] = []
            var rest = bytes[...]
            while let start = rest.firstIndex(of: secret[0]) {
                result += rest[..<start]
                if rest[start...].starts(with: secret) {
                    result += Self.removed
                    rest = rest[(start + secret.count)...]
                } else {
                    result.append(rest[start])
                    rest = rest[(start + 1)...]
                }
            }
            return result + rest
        }
    }
}

extension FrameWriter {
    fileprivate func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }
}
