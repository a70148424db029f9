internal import BundleFormat
internal import OCI
internal import Signatures
internal import SystemPackage

/// What the page begins with: which bundle it is, whether one may trust it, and its four figures.
extension BundlePage {
    var header: Markup {
        let text = (summary.description ?? "").split(separator: "\n").map { "<p class=\"about\">\($0)</p>\n" as Markup }
        return """
            <header>
            <p class="kind">Bundle</p>
            <h1>\(summary.name) <span>\(summary.version)</span></h1>
            \(text.joined())<p class="trust">\(signature)</p>
            <ul class="figures">
            \(figures)</ul>
            <dl class="facts">
            \(facts)</dl>
            <nav aria-label="Sections"><a href="#space">Space</a> <a href="#images">Images</a> \
            <a href="#shared">Layers</a> <a href="#packages">Packages</a> <a href="#installation">Installation</a> \
            <a href="#files">Files</a></nav>
            </header>
            """
    }

    private var signature: Markup {
        switch summary.signature {
        case .unsigned:
            return "<span class=\"seal none\">Not signed</span> Nobody vouches for where it comes from."
        case .unchecked:
            return
                "<span class=\"seal open\">Signed, not checked</span> No key was given: <code>--key</code> checks it."
        case .made(let key):
            let file = key.path.lastComponent?.string ?? key.path.string
            return """
                <span class="seal good">Signed</span> Checked with \(file), \
                <code class="long">\(key.key.fingerprint)</code>
                """
        }
    }

    private var figures: Markup {
        func figure(_ value: String, _ name: String, _ more: String) -> Markup {
            "<li><b>\(value)</b> \(name)<small>\(more)</small></li>\n"
        }
        let images = self.images
        let saved = images.layers.filter(\.isHere).reduce(Int64(0)) { $0 + $1.savedBytes }
        let sharedCount = images.layers.filter { $0.users.count > 1 }.count
        var all = figure("\(ByteCount(summary.archiveBytes))", "archive", "\(ByteCount(summary.contentBytes)) unpacked")
        let names = summary.images.count
        all += figure(
            "\(images.images.count)", images.images.count == 1 ? "image" : "images",
            names == images.images.count ? "one name each" : "under \(names) names")
        all += figure(
            "\(images.layers.count)", images.layers.count == 1 ? "layer" : "layers",
            sharedCount == 0 ? "none shared" : "\(sharedCount) shared, saving \(ByteCount(saved))")
        if let bill {
            all += figure(
                "\(bill.packages.count)", bill.packages.count == 1 ? "package" : "packages",
                bill.kinds.isEmpty ? "none found" : "of \(Self.count(bill.kinds.count, "kind"))")
        } else {
            all += figure("–", "packages", "no bill of materials")
        }
        return all
    }

    private var facts: Markup {
        var facts: [(String, Markup)] = [
            ("Platforms", "\(summary.platforms.joined(separator: ", "))"),
            ("Kubernetes", "\(summary.kubernetes ?? "none: for a cluster that is there")"),
            ("Built with", "sealift \(summary.builtWith)"),
        ]
        if let base = summary.base {
            facts.append(
                ("Builds upon", "\(base.label), whose \(ByteCount(summary.leftOutBytes)) are not in this archive"))
        }
        if !bundle.description.replacements.isEmpty {
            facts.append(("Layers", "encoded anew as zstd: <a href=\"#replaced\">what they were</a>"))
        }
        facts.append(("Index digest", "<code class=\"long\">\(summary.index)</code>"))
        return facts.map { "<div><dt>\($0)</dt><dd>\($1)</dd></div>\n" as Markup }.joined()
    }
}
