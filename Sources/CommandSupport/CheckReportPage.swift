internal import BundleFormat
internal import OCI

/// The report as one page of HTML that needs nothing else: no script, no font, no picture.
extension CheckReport {
    package var page: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(Self.text(title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <header>
        <h1>Check of a bundle</h1>
        <p class="result \(result.rawValue)">\(result.rawValue)</p>
        </header>
        <p>\(Self.text(verdict))</p>
        \(Self.table(nil, facts, class: "facts"))
        \(faultTable)
        \(imageTable)
        \(fileTable)
        <section class="sign"><p>Checked by</p><p>Date</p><p>Signature</p></section>
        <footer>\(Self.text(footer))</footer>
        </body>
        </html>

        """
    }

    private var title: String {
        "\(content.map { "\($0.name) \($0.version)" } ?? archive.path): \(result.rawValue)"
    }

    private var verdict: String {
        switch result {
        case .sound where content?.signature.fingerprint != nil:
            "Every byte of the archive is what its index says, and a trusted key signed the index."
        case .sound:
            "Every byte of the archive is what its index says. Who made it was not checked: no key was given."
        case .damaged: "The archive differs from its index in \(faults.count) places. It must not be installed."
        case .refused: "The archive was not accepted: \(reason ?? "")."
        }
    }

    private var facts: [[String]] {
        var rows = [
            ["Archive", archive.path], ["SHA-256 of the file", archive.digest?.hex ?? "not known"],
            ["Length", archive.bytes.map { "\($0) bytes (\(Format.bytes($0)))" } ?? "not known"],
        ]
        if let parts = archive.parts { rows.append(["In parts", parts.joined(separator: ", ")]) }
        if let content {
            let counts = content.counts
            rows += [
                ["Bundle", "\(content.name) \(content.version), \(content.platforms.joined(separator: ", "))"],
                ["Index", content.index.description], ["Signature", content.signature.description],
                ["Bill of materials", content.bill?.description ?? "none"],
                [
                    "Compared",
                    "\(counts.members) members, \(counts.images) images under \(counts.names) names, "
                        + "\(counts.layers) layers, \(counts.files) files, \(counts.contentBytes) bytes",
                ],
            ]
            if let base = content.base {
                let proof =
                    content.bases.isEmpty
                    ? "not looked at here" : "proven with it: \(content.bases.joined(separator: ", "))"
                rows.append(
                    ["Delta", "leaves \(base.leftOut.count) blobs to \(base.label) (index \(base.index)), \(proof)"])
            }
            rows += [
                ["Built with", "sealift \(content.builtWith)"]
            ]
        }
        let trusted = keys.map { "\($0.file) (\($0.fingerprint))" }.joined(separator: ", ")
        return rows + [
            ["Keys trusted", trusted.isEmpty ? "none given" : trusted],
            ["Checked", "\(checkedAt) on \(host) with \(tool.name) \(tool.version)"],
        ]
    }

    private var faultTable: String {
        guard !faults.isEmpty else { return "" }
        return Self.table(
            ["Damaged", "What is wrong", "Needed by"],
            faults.map { [$0.member, $0.reason, $0.images.joined(separator: ", ")] })
    }

    private var imageTable: String {
        guard let content else { return "" }
        return Self.table(
            ["Image", "Digest", "Layers", "Size", ""],
            content.images.map {
                [
                    $0.reference, $0.digest.description, "\($0.layers)", Format.bytes($0.bytes),
                    $0.isSound ? "✓" : "damaged",
                ]
            })
    }

    private var fileTable: String {
        guard let content else { return "" }
        // The definition's texts are many and small: they would push everything off the page.
        let texts = content.files.filter { $0.mediaType.isBundleText }
        let rows = content.files.filter { !$0.mediaType.isBundleText }
            .map { [$0.name, $0.digest.description, Format.bytes($0.bytes)] }
        let sum = Format.bytes(texts.reduce(0) { $0 + $1.bytes })
        return Self.table(
            ["File", "Digest", "Size"],
            rows + [["\(texts.count) texts: manifests, checks, lock", "the JSON report lists them", sum]])
    }

    private var footer: String {
        "The same result on another machine: sha256sum \(archive.path); \(tool.name) verify \(archive.path)"
            + keys.map { " --key \($0.file)" }.joined()
    }

    private static func table(_ head: [String]?, _ rows: [[String]], class name: String = "list") -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(text($0))</\(tag)>" }.joined() + "</tr>\n"
        }
        let head = head.map { "<thead>\n\(row($0, "th"))</thead>\n" } ?? ""
        return "<table class=\"\(name)\">\n\(head)<tbody>\n\(rows.map { row($0, "td") }.joined())</tbody>\n</table>"
    }

    /// Text as the content of an element: what a bundle says can neither be markup nor change how a line reads.
    private static func text(_ string: String) -> String {
        string.printable().replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static let style = """
        :root { color-scheme: light dark; }
        body { font: 10pt/1.35 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; }
        header { display: flex; justify-content: space-between; align-items: center; border-bottom: 2px solid; }
        h1 { font-size: 1.5em; margin: .3em 0; }
        .result { font-weight: bold; text-transform: uppercase; letter-spacing: .1em; margin: 0; padding: .2em .8em;
          border: 2px solid; border-radius: .3em; }
        .sound { color: #176b2c; } .damaged, .refused { color: #b3191b; }
        table { border-collapse: collapse; width: 100%; margin: 1em 0; }
        th, td { text-align: left; vertical-align: top; padding: .15em .6em .15em 0; border-bottom: 1px solid #8886;
          overflow-wrap: anywhere; }
        .facts td:first-child { width: 12em; white-space: nowrap; font-weight: bold; }
        .list { font-size: .8em; } .list td:nth-child(2) { font-family: ui-monospace, monospace; font-size: .9em; }
        .sign { display: flex; gap: 2em; margin-top: 2.5em; }
        .sign p { flex: 1; border-top: 1px solid; padding-top: .2em; }
        footer { font-size: .8em; opacity: .8; overflow-wrap: anywhere; }
        @media (prefers-color-scheme: dark) { .sound { color: #6fdc8c; } .damaged, .refused { color: #ff8389; } }
        @media print { @page { size: A4; margin: 12mm; } :root { color-scheme: light; }
          body { margin: 0; max-width: none; font-size: 8.5pt; } .list { font-size: .75em; } tr { break-inside: avoid; } }
        """
}
