internal import BundleFormat
internal import OCI

/// What the bill of materials says: how many packages of which kind, and each with the images that have it.
extension BundlePage {
    /// So many bytes of packages go into the page; a browser has to search through them.
    private static let packageBytes = 2_000_000

    var packageSection: Markup {
        """
        <section id="packages" aria-labelledby="packages-title">
        <h2 id="packages-title">Packages</h2>
        \(bill.map(packages) ?? Self.noBill)
        </section>
        """
    }

    private static let noBill: Markup = """
        <p class="note">This bundle has no bill of materials: it was built with <code>--no-sbom</code>, or before there \
        was one.</p>
        """

    private func packages(_ bill: PageBill) -> Markup {
        guard !bill.packages.isEmpty else {
            return "<p class=\"note\">The bill of materials names no package.</p>\(unread(bill))" as Markup
        }
        let most = bill.kinds.first?.count ?? 0
        let kinds = bill.kinds.map { kind, count in
            """
            <tr><th scope="row">\(PageBill.title(of: kind))</th><td class="number">\(count)</td><td>\
            <svg class="bar" viewBox="0 0 1000 90" preserveAspectRatio="none" aria-hidden="true"><rect class="shared" \
            width="\(count * 1000 / max(1, most))" height="90"/></svg></td></tr>

            """ as Markup
        }
        return """
            <p class="hint">Each package and version counts once, however many images have it.</p>
            <table class="kinds"><caption>Packages by kind</caption>
            <tbody>
            \(kinds.joined())</tbody></table>
            \(list(bill))
            \(unread(bill))
            """
    }

    private func list(_ bill: PageBill) -> Markup {
        var rows: [[PageTable.Cell]] = []
        var bytes = 0
        for package in bill.packages {
            let row: [PageTable.Cell] = [
                .init("\(package.name)"), .init("\(package.version)"), .init("\(package.kind)"),
                .init(number: package.images.count), .init("\(images.labels(package.images, limit: 6))"),
            ]
            bytes += row.reduce(60) { $0 + $1.content.html.utf8.count }
            guard bytes <= Self.packageBytes else { break }
            rows.append(row)
        }
        let table = PageTable(
            id: "package-table", caption: "Packages and the images that have them",
            columns: [
                .init(title: "Package", key: "package"), .init(title: "Version", key: "version", isCode: true),
                .init(title: "Kind", key: "kind"), .init(title: "Images", key: "images", isNumber: true),
                .init(title: "In"),
            ], filter: "Search packages")
        let cut: Markup =
            rows.count == bill.packages.count
            ? ""
            : """
            <p class="note">The first \(rows.count) of \(bill.packages.count) packages, by name, are listed here; \
            <code>sealift inspect --sbom</code> prints all.</p>
            """
        return """
            <details id="package-list"><summary>All packages</summary>
            \(table.html(rows))
            \(cut)</details>
            """
    }

    private func unread(_ bill: PageBill) -> Markup {
        let limit = 200
        let all = images.images.flatMap { image in
            image.platforms.flatMap { platform in
                (bill.contents["\(image.digest)/\(platform.platform)"]?.unread ?? []).map { (image.label, $0) }
            }
        }
        guard !all.isEmpty else { return "" }
        let items = all.prefix(limit).map { "<li>\($0): \($1)</li>\n" as Markup }
        return """
            <details><summary>\(Self.count(all.count, "place")) could not be looked into</summary>
            <ul class="plain">
            \(items.joined())</ul>\(Self.cut(all.count, limit))
            </details>
            """
    }
}
