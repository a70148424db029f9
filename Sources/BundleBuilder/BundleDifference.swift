package import BundleFormat
internal import FoundationEssentials
internal import ImageLayout
package import OCI

/// What a newer bundle has and an older one has not, and the other way round: images, layers, files, texts, values.
package struct BundleDifference: Hashable, Sendable, Encodable {
    package enum Change: String, Hashable, Sendable, Encodable {
        case added, removed, changed
    }

    /// One of the two bundles.
    package struct Side: Hashable, Sendable, Encodable {
        package var name: String
        package var version: String
        /// The digest of its `index.json`.
        package var index: Digest
        /// Distribution and version, as in `k0s v1.36.3+k0s.0`.
        package var kubernetes: String?
    }

    /// An image that only one of them has, or that is another.
    package struct Image: Hashable, Sendable, Encodable {
        package var change: Change
        package var reference: String
        /// What the older one calls it, where only the tag or digest is another.
        package var formerReference: String?
        package var from: Digest?
        package var to: Digest?
        package var layersKept: Int
        package var layersAdded: [Layer]
        package var layersRemoved: [Layer]
    }

    package struct Layer: Hashable, Sendable, Encodable {
        package var digest: Digest
        package var bytes: Int64
    }

    /// A file of the bundle: a program, a definition's text, an extra file.
    package struct File: Hashable, Sendable, Encodable {
        package var change: Change
        package var name: String
        /// How many more bytes it has now.
        package var bytes: Int64
        /// Of a text, in the unified format; `nil` where it is none.
        package var diff: String?
    }

    /// A parameter whose default is another; values of secrets are in no bundle.
    package struct Parameter: Hashable, Sendable, Encodable {
        package var change: Change
        package var name: String
        package var from: String?
        package var to: String?
    }

    package var from: Side
    package var to: Side
    package var images: [Image]
    package var files: [File]
    package var parameters: [Parameter]
    /// The bytes of layers and programs that a delta from the older to the newer one carries, and that it leaves out.
    package var bytesToCarry: Int64
    package var bytesKept: Int64

    package var isEmpty: Bool { images.isEmpty && files.isEmpty && parameters.isEmpty && from.index == to.index }

    /// Compares what opening has read; neither bundle has to be whole.
    package init(from old: BundleReader, to new: BundleReader) {
        let (before, after) = (BundleSummary(of: old), BundleSummary(of: new))
        from = Side(before)
        to = Side(after)
        images = Self.images(before.images, after.images)
        files = Self.files(old, new)
        parameters = Self.parameters(before.parameters, after.parameters)
        let known = old.holdings
        let holdings = new.holdings
        bytesToCarry = holdings.filter { known[$0.key] != $0.value }.values.reduce(0, +)
        bytesKept = holdings.values.reduce(0, +) - bytesToCarry
    }

    // MARK: images

    private static func images(_ old: [BundleSummary.Image], _ new: [BundleSummary.Image]) -> [Image] {
        let before = Dictionary(old.map { ($0.reference, $0) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.reference, $0) }) { first, _ in first }
        var gone = before.filter { after[$0.key] == nil }
        let added = after.filter { before[$0.key] == nil }
        var changes: [Image] = []
        let addedPlaces = Dictionary(grouping: added.values) { repository(of: $0.reference) }
        for image in added.values.sorted(by: { $0.reference < $1.reference }) {
            // Another tag of the same repository is the same image in another version, where it is the only one.
            let place = repository(of: image.reference)
            let former = gone.values.filter { repository(of: $0.reference) == place }
            let isOnly = former.count == 1 && addedPlaces[place]?.count == 1
            if isOnly { gone[former[0].reference] = nil }
            changes.append(Image(isOnly ? .changed : .added, from: isOnly ? former[0] : nil, to: image))
        }
        changes += gone.values.map { Image(.removed, from: $0, to: nil) }
        changes += after.compactMap { reference, image in
            guard let former = before[reference], former.digest != image.digest else { return nil }
            return Image(.changed, from: former, to: image)
        }
        return changes.sorted { $0.reference < $1.reference }
    }

    private static func repository(of reference: String) -> String {
        // What a bundle lists was parsed before.
        (try? ImageReference(parsing: reference)).map { "\($0.registry)/\($0.repository)" } ?? reference
    }

    // MARK: files

    private static func files(_ old: BundleReader, _ new: BundleReader) -> [File] {
        let (oldTexts, newTexts) = (texts(of: old), texts(of: new))
        return Set(old.files.keys).union(new.files.keys).sorted().compactMap { name in
            let (before, after) = (old.files[name], new.files[name])
            guard before?.digest != after?.digest else { return nil }
            let change: Change = before == nil ? .added : after == nil ? .removed : .changed
            return File(
                change: change, name: name, bytes: (after?.size ?? 0) - (before?.size ?? 0),
                diff: diff(before.map { oldTexts[$0.digest] }, after.map { newTexts[$0.digest] }, name))
        }
    }

    /// `nil` where one of them is no text; the outer optional says whether the file is there at all.
    private static func diff(_ old: String??, _ new: String??, _ name: String) -> String? {
        let (old, new) = (old ?? "", new ?? "")
        guard let old, let new else { return nil }
        return UnifiedDiff.text(from: old, to: new, names: ("a/\(name)", "b/\(name)"))
    }

    private static func texts(of bundle: BundleReader) -> [Digest: String] {
        let names = Dictionary(bundle.files.values.map { (LayoutNames.blob($0.digest), $0) }) { first, _ in first }
        var texts: [Digest: String] = [:]
        for member in bundle.contents.members {
            guard case .document(let bytes) = member.content, let file = names[member.name] else { continue }
            // What is in the lock is told image by image.
            guard file.mediaType != .bundleLock else { continue }
            texts[file.digest] = String(validating: bytes, as: UTF8.self)
        }
        return texts
    }

    // MARK: parameters

    private static func parameters(
        _ old: [BundleFormat.Parameter], _ new: [BundleFormat.Parameter]
    ) -> [Parameter] {
        let before = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        let after = Dictionary(new.map { ($0.name, $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let (was, now) = (before[name], after[name])
            guard was != now else { return nil }
            return Parameter(
                change: was == nil ? .added : now == nil ? .removed : .changed, name: name, from: was?.value,
                to: now?.value)
        }
    }
}

extension BundleDifference.Side {
    fileprivate init(_ summary: BundleSummary) {
        name = summary.name
        version = summary.version
        index = summary.index
        kubernetes = summary.kubernetes
    }
}

extension BundleDifference.Image {
    fileprivate init(
        _ change: BundleDifference.Change, from old: BundleSummary.Image?, to new: BundleSummary.Image?
    ) {
        func layers(_ image: BundleSummary.Image?) -> Set<BundleDifference.Layer> {
            Set(
                (image?.platforms ?? []).flatMap(\.layers).map {
                    BundleDifference.Layer(digest: $0.digest, bytes: $0.bytes)
                })
        }
        let (before, after) = (layers(old), layers(new))
        self.init(
            change: change, reference: new?.reference ?? old?.reference ?? "",
            formerReference: old?.reference == new?.reference || new == nil ? nil : old?.reference,
            from: old?.digest, to: new?.digest, layersKept: before.intersection(after).count,
            layersAdded: after.subtracting(before).sorted { ($1.bytes, $0.digest) < ($0.bytes, $1.digest) },
            layersRemoved: before.subtracting(after).sorted { ($1.bytes, $0.digest) < ($0.bytes, $1.digest) })
    }
}
