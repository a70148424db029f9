internal import BundleFormat
internal import ImageLayout
internal import OCI

/// The files of the bundle, and what stands in the place of a registry's content.
extension BundlePage {
    var fileSection: Markup {
        let limit = 2000
        let files = summary.files.sorted { $0.name < $1.name }
        let large = files.filter { !$0.mediaType.isBundleText }
        let texts = files.filter(\.mediaType.isBundleText)
        let sum = ByteCount(texts.reduce(0) { $0 + $1.bytes })
        return """
            <section id="files" aria-labelledby="files-title">
            <h2 id="files-title">Files</h2>
            \(large.isEmpty ? "" : table("file-table", "Kubernetes, installers and extra files", large))
            <details><summary>\(Self.count(texts.count, "text")), \(sum): manifests, checks, configuration, lock</summary>
            \(table("text-table", "Manifests, checks, configuration and lock", Array(texts.prefix(limit))))\
            \(Self.cut(texts.count, limit))
            </details>
            </section>
            """
    }

    private func table(_ id: String, _ caption: String, _ files: [BundleSummary.File]) -> Markup {
        let archived = Set(bundle.contents.members.map(\.name))
        let table = PageTable(
            id: id, caption: caption,
            columns: [
                .init(title: "File", key: "file"), .init(title: "Size", key: "size", isNumber: true),
                .init(title: "Digest", isCode: true),
            ])
        return table.html(
            files.map { file in
                let isHere = archived.contains(LayoutNames.blob(file.digest))
                let place: Markup = isHere ? "" : " <span class=\"away\">in the base</span>"
                return [
                    .init("\(file.name)\(place)"), .init("\(ByteCount(file.bytes))", value: file.bytes),
                    .init("<span title=\"\(file.digest)\">\(file.digest.short)</span>"),
                ]
            })
    }

    /// Nothing where everything is as the registries have it.
    var replacementSection: Markup {
        let limit = 1000
        let all = bundle.description.replacements.filter { $0.original.digest != $0.replacement.digest }
        guard !all.isEmpty else { return "" }
        let layers = all.filter { $0.original.mediaType.role == .layer }
        let (old, new) = layers.reduce(into: (Int64(0), Int64(0))) { sums, entry in
            sums.0 += entry.original.size
            sums.1 += entry.replacement.size
        }
        let rows: [[PageTable.Cell]] = all.prefix(limit).map { entry in
            [
                .init("\(entry.original.digest)"),
                .init("\(ByteCount(entry.original.size))", value: entry.original.size),
                .init("\(entry.replacement.digest)"),
                .init("\(ByteCount(entry.replacement.size))", value: entry.replacement.size),
            ]
        }
        let table = PageTable(
            id: "replacement-table", caption: "What the registry has, and what the bundle has in its place",
            columns: [
                .init(title: "In the registry", isCode: true), .init(title: "Size", key: "old", isNumber: true),
                .init(title: "In the bundle", isCode: true), .init(title: "Size", key: "new", isNumber: true),
            ])
        return """
            <section id="replaced" aria-labelledby="replaced-title">
            <h2 id="replaced-title">Encoded anew</h2>
            <p>\(Self.count(layers.count, "layer")) of the registries, \(ByteCount(old)), travel as zstd, \
            \(ByteCount(new)). The manifests and indexes that lead to them were rewritten; the originals are in the \
            bundle, so that one follows from the other.</p>
            <details><summary>All \(all.count) digests, before and after</summary>
            \(table.html(rows))\(Self.cut(all.count, limit))
            </details>
            </section>
            """
    }
}
