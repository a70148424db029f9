package import OCI

/// What changed from one lock to another.
package struct LockDifference: Hashable, Sendable {
    /// A tag that points to something else than before.
    package struct Move: Hashable, Sendable {
        package let name: ImageReference
        /// `nil`: was, or is, unresolved.
        package let old: Digest?
        package let new: Digest?
    }

    /// A file whose content or source is another.
    package struct FileChange: Hashable, Sendable {
        package let old: ImagesLock.File
        package let new: ImagesLock.File
    }

    /// Who asks for an image changed.
    package struct OriginChange: Hashable, Sendable {
        package let name: ImageReference
        package let added: [ImagesLock.Origin]
        package let removed: [ImagesLock.Origin]
    }

    package let added: [ImagesLock.Entry]
    package let removed: [ImagesLock.Entry]
    package let moved: [Move]
    /// The same target, but other platforms of it are locked, or other content of one.
    package let platformsChanged: [ImageReference]
    package let origins: [OriginChange]
    package let filesAdded: [ImagesLock.File]
    package let filesRemoved: [ImagesLock.File]
    package let filesChanged: [FileChange]

    package var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && moved.isEmpty && platformsChanged.isEmpty && origins.isEmpty
            && filesAdded.isEmpty && filesRemoved.isEmpty && filesChanged.isEmpty
    }
}

extension ImagesLock {
    /// What has to change in `old` to make it this lock.
    package func difference(from old: ImagesLock) -> LockDifference {
        let pairs = images.compactMap { new in old[new.name].map { (old: $0, new: new) } }
        let filePairs = files.compactMap { new in
            old.files.first { $0.identity == new.identity }.map { (old: $0, new: new) }
        }
        return LockDifference(
            added: images.filter { old[$0.name] == nil },
            removed: old.images.filter { self[$0.name] == nil },
            moved: pairs.compactMap { pair in
                let (before, after) = (pair.old.resolution?.target.digest, pair.new.resolution?.target.digest)
                return before == after ? nil : .init(name: pair.new.name, old: before, new: after)
            },
            platformsChanged: pairs.compactMap { pair in
                guard let before = pair.old.resolution, let after = pair.new.resolution,
                    before.target.digest == after.target.digest, before != after
                else { return nil }
                return pair.new.name
            },
            origins: pairs.compactMap { pair in
                let (before, after) = (Set(pair.old.origins), Set(pair.new.origins))
                guard before != after else { return nil }
                return .init(
                    name: pair.new.name, added: after.subtracting(before).sorted(),
                    removed: before.subtracting(after).sorted())
            },
            filesAdded: files.filter { new in !old.files.contains { $0.identity == new.identity } },
            filesRemoved: old.files.filter { file in !files.contains { $0.identity == file.identity } },
            filesChanged: filePairs.filter { $0.old != $0.new }.map { .init(old: $0.old, new: $0.new) })
    }
}

extension LockDifference: CustomStringConvertible {
    /// One line per change, images first; empty where nothing changed.
    package var description: String {
        var lines: [String] = []
        func add(_ sign: String, _ text: String) { lines.append("\(sign) \(text)") }
        for entry in added { add("+", "\(entry.name)  \(Self.shown(entry.resolution?.target.digest))") }
        for entry in removed { add("-", "\(entry.name)  \(Self.shown(entry.resolution?.target.digest))") }
        for move in moved { add("~", "\(move.name)  \(Self.shown(move.old)) -> \(Self.shown(move.new))") }
        for name in platformsChanged { add("~", "\(name)  same target, other platforms or content") }
        for change in origins {
            for origin in change.added { add("~", "\(change.name)  now also asked for by \(origin)") }
            for origin in change.removed { add("~", "\(change.name)  no longer asked for by \(origin)") }
        }
        for file in filesAdded { add("+", "file \(file.label)  \(Self.shown(file.content?.digest))") }
        for file in filesRemoved { add("-", "file \(file.label)  \(Self.shown(file.content?.digest))") }
        for change in filesChanged {
            let digests = "\(Self.shown(change.old.content?.digest)) -> \(Self.shown(change.new.content?.digest))"
            add("~", "file \(change.new.label)  \(change.old.source == change.new.source ? digests : "other source")")
        }
        return lines.joined(separator: "\n")
    }

    private static func shown(_ digest: Digest?) -> String { digest?.description ?? "unresolved" }
}

extension ImagesLock.Origin: CustomStringConvertible {
    package var description: String { "\(bundle): \(file) \(object) \(field)" }
}

extension ImagesLock.File {
    fileprivate var label: String { "\(bundle)/\(name)" + (platform.map { " (\($0))" } ?? "") }
}
