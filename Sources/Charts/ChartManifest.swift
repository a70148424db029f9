internal import BundleFormat
internal import Definition
internal import FoundationEssentials

/// Turns what helm printed for one release into a manifest of the bundle.
struct ChartManifest {
    let chart: BundleDefinition.Chart
    /// For the first line: `web 1.2.3 (sha256:…)`.
    let title: String
    private(set) var text = ""
    private(set) var templates: [BundleFile.Template] = []
    /// What the user should know of, and what the text stands for.
    private(set) var remarks: [String] = []

    /// Hooks at which an installation would run what they are of.
    private static let installHooks: Set = ["pre-install", "post-install", "crd-install"]

    init(_ output: String, of chart: BundleDefinition.Chart, title: String) throws(RenderedFault) {
        self.chart = chart
        self.title = title
        let documents = try RenderedDocument.all(in: output, of: "chart \(chart.release)")
        let clusterKinds = documents.filter { $0.isDefinition && $0.node[path: "spec", "scope"]?.text == "Cluster" }
            .compactMap { $0.node[path: "spec", "names", "kind"]?.text }
        var kept = keep(documents).filter { document in
            switch chart.definitions {
            case .include: true
            case .skip: !document.isDefinition
            case .only: document.isDefinition
            }
        }
        for index in kept.indices { try kept[index].put(into: chart.namespace, clusterKinds: Set(clusterKinds)) }
        try compose(kept)
        if kept.isEmpty { remarks.append("it gives no objects") }
    }

    /// What an installation by helm would create, in the order in which it would.
    private mutating func keep(_ documents: [RenderedDocument]) -> [RenderedDocument] {
        var kept: [(rank: Int, weight: Int, document: RenderedDocument)] = []
        for document in documents {
            let hooks = document.hooks
            guard !hooks.isEmpty else {
                kept.append((document.isDefinition ? 0 : 2, 0, document))
                continue
            }
            guard !hooks.isDisjoint(with: Self.installHooks) else {
                // Tests are run by hand; the others would delete or upgrade what is being installed.
                let names = hooks.sorted().joined(separator: ", ")
                if !names.hasPrefix("test") {
                    remarks.append(
                        "\(document.label) is left out: a hook for \(names), which an installation doesn't run")
                }
                continue
            }
            remarks.append(
                "\(document.label) is a hook (\(hooks.sorted().joined(separator: ", "))): it is applied with everything else, nothing waits for it, and it stays"
            )
            kept.append((hooks.contains("post-install") ? 3 : 1, document.hookWeight, document))
        }
        return kept.enumerated().sorted {
            ($0.element.rank, $0.element.weight, $0.offset) < ($1.element.rank, $1.element.weight, $1.offset)
        }.map(\.element.document)
    }

    private mutating func compose(_ documents: [RenderedDocument]) throws(RenderedFault) {
        var lines: [Substring] = [
            "# Made by sealift of the chart \(title): release \(chart.release), namespace \(chart.namespace),",
            "# Kubernetes \(chart.kubernetesVersion).",
        ]
        if let values = chart.values {
            lines.append("# values:")
            // Nothing is put into the record: `$${{` is what a placeholder would look like to the one who reads it.
            let record = values.encoded().split(separator: "\n").map { "#   \($0)" }.joined(separator: "\n")
            lines += escaping(record, except: []).split(separator: "\n")
        }
        let own = Set(try Placeholders.names(in: chart.values))
        for document in documents {
            lines.append("---")
            // A comment before it belongs to it, too.
            templates.append(.init(line: lines.count + 1, name: document.template ?? ""))
            if let template = document.template { lines.append("# Source: \(template)") }
            let body = document.lines.joined(separator: "\n")
            lines += escaping(body, except: own).split(separator: "\n", omittingEmptySubsequences: false)
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// `text` with every `${{` written so that it stays what it is, but for placeholders of `names`.
    private func escaping(_ text: String, except names: Set<String>) -> String {
        guard text.contains("${{") else { return text }
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: "${{") {
            result += rest[..<range.lowerBound]
            let after = rest[range.upperBound...]
            let name = after.prefix { $0 != "}" && $0 != "\n" }
            let isOwn = after[name.endIndex...].hasPrefix("}}") && names.contains(name.trimmed)
            // Written twice already, it came from a value that means it literally.
            result += isOwn || result.hasSuffix("$") ? "${{" : "$${{"
            rest = after
        }
        return result + rest
    }
}

/// The parameters that values refer to.
enum Placeholders {
    static func names(in values: YAMLNode?) throws(RenderedFault) -> [String] {
        guard let values else { return [] }
        do { return try ParameterExpansion.names(in: values.encoded()).sorted() } catch {
            throw RenderedFault(reason: "\(error)")
        }
    }

    /// Whether `text` holds a value with the placeholder of `name` in base64.
    static func isEncoded(_ values: YAMLNode?, _ name: String, in text: String) -> Bool {
        scalars(of: values).contains { value in
            // That its placeholders are well-formed was seen when the definition was read.
            value.contains("${{") && ((try? ParameterExpansion.names(in: value)) ?? []).contains(name)
                && text.contains(Data(value.utf8).base64EncodedString())
        }
    }

    private static func scalars(of node: YAMLNode?) -> [String] {
        switch node?.content {
        case nil: []
        case .scalar(let text, _): [text]
        case .sequence(let elements): elements.flatMap { scalars(of: $0) }
        case .mapping(let entries): entries.flatMap { scalars(of: $0.value) }
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
