package import OCI

/// The content of images.lock: what every tag, file and binary of one or more bundles is, by digest.
///
/// Kept in one order, so that equal content is an equal value and an equal text.
package struct ImagesLock: Hashable, Sendable {
    /// The file's name.
    package static let fileName = "images.lock"

    /// One per normalised name, sorted by it.
    package let images: [Entry]
    /// Sorted by bundle, name and platform.
    package let files: [File]
    /// Where in `images` each name is; a build asks for all of them.
    private let positions: [ImageReference: Int]

    package init(images: [Entry] = [], files: [File] = []) {
        let keyed = images.map { (key: ($0.name.description, $0.reference), entry: $0) }
        self.images = keyed.sorted { $0.key < $1.key }.map(\.entry)
        positions = Dictionary(self.images.enumerated().map { ($1.name, $0) }) { first, _ in first }
        self.files = files.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
    }

    /// One image.
    package struct Entry: Hashable, Sendable {
        /// As written; where it is written in several ways, the first of them sorted.
        package var reference: String
        package var name: ImageReference
        /// `nil`: unresolved, nobody has asked the registry yet.
        package var resolution: Resolution?
        /// Who asks for it; sorted, never empty.
        package private(set) var origins: [Origin]
        /// What the last build with `--layers zstd` made of ``resolution``: a note, which nothing is built from.
        package private(set) var encoding: Resolution?

        /// An `encoding` that can't be of `resolution` is left out.
        package init(
            reference: String, name: ImageReference, resolution: Resolution? = nil, origins: [Origin],
            encoding: Resolution? = nil
        ) {
            self.reference = reference
            self.name = name
            self.resolution = resolution
            self.origins = Set(origins).sorted()
            self.encoding = resolution.flatMap { encoding?.isEncoding(of: $0) == true ? encoding : nil }
        }

        /// The same entry with only the origins that `isIncluded` takes.
        func filteringOrigins(_ isIncluded: (Origin) -> Bool) -> Entry {
            Entry(
                reference: reference, name: name, resolution: resolution, origins: origins.filter(isIncluded),
                encoding: encoding)
        }

        /// The same entry with another note of what became of it, or with none.
        package func encoded(as encoding: Resolution?) -> Entry {
            Entry(reference: reference, name: name, resolution: resolution, origins: origins, encoding: encoding)
        }
    }

    /// What a registry answered.
    package struct Resolution: Hashable, Sendable {
        /// What the tag points to: an index or a manifest.
        package var target: Descriptor
        /// Sorted by platform.
        package private(set) var platforms: [PlatformImage]

        package init(target: Descriptor, platforms: [PlatformImage]) {
            self.target = target.bare
            self.platforms = platforms.sorted { $0.platform < $1.platform }
        }

        /// Whether this can be what became of `original` when its layers were encoded anew: the same configs, and a
        /// layer for each layer.
        func isEncoding(of original: Resolution) -> Bool {
            !platforms.isEmpty
                && platforms.allSatisfy { image in
                    guard let old = original[image.platform] else { return false }
                    return old.config.digest == image.config.digest && old.layers.count == image.layers.count
                }
        }

        /// The image for `platform`, if it was resolved.
        package subscript(platform: Platform) -> PlatformImage? { platforms.first { $0.platform == platform } }
    }

    /// An image for one platform, by its digests.
    package struct PlatformImage: Hashable, Sendable {
        package var platform: Platform
        package var manifest: Descriptor
        package var config: Descriptor
        /// Base first.
        package var layers: [Descriptor]

        package init(platform: Platform, manifest: Descriptor, config: Descriptor, layers: [Descriptor]) {
            self.platform = platform
            self.manifest = manifest.bare
            self.config = config.bare
            self.layers = layers.map(\.bare)
        }
    }

    /// A place that asks for an image. No line, so that moving a line is no drift.
    package struct Origin: Hashable, Sendable, Comparable {
        package var bundle: String
        /// Relative to the bundle's folder.
        package var file: String
        /// `Kind/name`.
        package var object: String
        package var field: String

        package init(bundle: String, file: String, object: String, field: String) {
            self.bundle = bundle
            self.file = file
            self.object = object
            self.field = field
        }

        package static func < (left: Origin, right: Origin) -> Bool {
            (left.bundle, left.file, left.object, left.field) < (right.bundle, right.file, right.object, right.field)
        }
    }

    /// A binary or an extra file.
    package struct File: Hashable, Sendable {
        /// Where it comes from: a URL, or a path in the bundle's folder.
        package enum Source: Hashable, Sendable {
            case url(String)
            case path(String)
            /// A chart of a repository, which is itself a URL.
            case chart(repository: String, name: String, version: String)
        }

        /// What was found there.
        package struct Content: Hashable, Sendable {
            package var digest: Digest
            package var size: Int64

            package init(digest: Digest, size: Int64) {
                self.digest = digest
                self.size = size
            }
        }

        package var name: String
        package var bundle: String
        /// `nil`: the same on all platforms.
        package var platform: Platform?
        package var source: Source
        /// `nil`: unresolved.
        package var content: Content?

        package init(name: String, bundle: String, platform: Platform?, source: Source, content: Content? = nil) {
            self.name = name
            self.bundle = bundle
            self.platform = platform
            self.source = source
            self.content = content
        }

        fileprivate var sortKey: [String] { [bundle, name, platform?.description ?? ""] }

        /// What makes it the same file in two locks.
        var identity: [String] { sortKey }
    }
}

extension ImagesLock {
    /// Whether everything has its digest; `build` refuses a lock that doesn't.
    package var isResolved: Bool {
        images.allSatisfy { $0.resolution != nil } && files.allSatisfy { $0.content != nil }
    }

    /// The entry of `name`, by its normalised spelling.
    package subscript(name: ImageReference) -> Entry? { positions[name].map { images[$0] } }

    /// The images that `bundle` asks for.
    package func entries(for bundle: String) -> [Entry] {
        images.filter { $0.origins.contains { $0.bundle == bundle } }
    }

    /// The files of `bundle`.
    package func files(for bundle: String) -> [File] { files.filter { $0.bundle == bundle } }

    /// What a lock of `bundle` alone would say.
    package func subset(for bundle: String) -> ImagesLock {
        ImagesLock(
            images: entries(for: bundle).map { $0.filteringOrigins { $0.bundle == bundle } }, files: files(for: bundle))
    }

    /// This lock with all that `bundle` asks for exchanged; what other bundles ask for stays as it is.
    ///
    /// An image that both ask for is one entry. It takes the new resolution; where the target is the same, platforms
    /// that only the other bundle wanted are kept, and an unresolved new entry or file never undoes a resolution.
    package func replacing(bundle: String, images new: [Entry], files newFiles: [File]) -> ImagesLock {
        var entries: [ImageReference: Entry] = [:]
        for entry in images {
            let others = entry.filteringOrigins { $0.bundle != bundle }
            if !others.origins.isEmpty { entries[entry.name] = others }
        }
        for entry in new {
            let known = entries[entry.name] ?? self[entry.name]?.filteringOrigins { _ in false }
            guard let known else {
                entries[entry.name] = entry
                continue
            }
            entries[entry.name] = Entry(
                reference: known.origins.isEmpty ? entry.reference : min(known.reference, entry.reference),
                name: entry.name, resolution: Self.merged(known, entry),
                origins: known.origins + entry.origins,
                encoding: entry.encoding
                    ?? (entry.resolution.map { $0.target == known.resolution?.target } == false ? nil : known.encoding))
        }
        let files = newFiles.map { new -> File in
            var file = new
            let known = self.files.first { $0.identity == new.identity && $0.source == new.source }
            if file.content == nil { file.content = known?.content }
            return file
        }
        return ImagesLock(
            images: Array(entries.values), files: self.files.filter { $0.bundle != bundle } + files)
    }

    /// This lock with the notes of `entries` on what became of them, where what they are locked as is the same.
    package func noting(encodingsOf entries: [Entry]) -> ImagesLock {
        let notes = Dictionary(entries.map { ($0.name, $0) }) { first, _ in first }
        return ImagesLock(
            images: images.map { entry in
                guard let note = notes[entry.name], note.resolution?.target == entry.resolution?.target else {
                    return entry
                }
                return entry.encoded(as: note.encoding)
            }, files: files)
    }

    /// This lock without any notes of that kind.
    package var withoutEncodings: ImagesLock {
        ImagesLock(images: images.map { $0.encoded(as: nil) }, files: files)
    }

    private static func merged(_ known: Entry, _ new: Entry) -> Resolution? {
        guard let fresh = new.resolution else { return known.resolution }
        guard let old = known.resolution, old.target == fresh.target, !known.origins.isEmpty else { return fresh }
        return Resolution(
            target: fresh.target, platforms: fresh.platforms + old.platforms.filter { fresh[$0.platform] == nil })
    }
}
