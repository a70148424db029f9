internal import BundleFormat
internal import OCI

/// What happens when the bundle is installed: stages, checks, parameters, and what they ask of a host.
extension BundlePage {
    var installationSection: Markup {
        """
        <section id="installation" aria-labelledby="installation-title">
        <h2 id="installation-title">Installation</h2>
        <h3>Stages</h3>
        <ol class="stages">
        \(bundle.description.stages.map(stage).joined())</ol>
        <h3>What it asks of a host</h3>
        \(demands)
        \(parameters)
        </section>
        """
    }

    private func stage(_ stage: BundleDescription.Stage) -> Markup {
        func list(_ title: String, _ names: [String]) -> Markup {
            guard !names.isEmpty else { return "" }
            return "<dt>\(title)</dt>\(names.map { "<dd class=\"code\">\($0)</dd>" as Markup }.joined())" as Markup
        }
        let counts = [
            Self.count(stage.manifests.count, "manifest"),
            stage.checks.isEmpty ? "no checks" : Self.count(stage.checks.count, "file") + " of checks",
            "ready within \(Self.time(stage.readyTimeout))",
        ]
        return """
            <li><details><summary><b>\(stage.name)</b> <span>\(counts.joined(separator: " · "))</span></summary>
            <dl>\(list("Manifests", stage.manifests))\(list("Checks", stage.checks))</dl></details></li>

            """
    }

    private static func time(_ seconds: Int) -> String {
        seconds > 0 && seconds.isMultiple(of: 60) ? "\(seconds / 60) min" : "\(seconds) s"
    }

    private var demands: Markup {
        func row(_ name: Markup, _ values: Int?, _ asked: Requirements) -> [PageTable.Cell] {
            let tenths = asked.cpuMillis / 100
            return [
                .init(name), .init(values.map { "\($0)" } ?? "–"),
                .init("\(tenths / 10).\(tenths % 10)", value: asked.cpuMillis),
                .init("\(ByteCount(asked.memoryBytes))", value: asked.memoryBytes),
                .init("\(ByteCount(asked.memoryLimitBytes))", value: asked.memoryLimitBytes),
                .init("\(ByteCount(asked.volumeBytes))", value: asked.volumeBytes),
            ]
        }
        let table = PageTable(
            id: "demand-table", caption: "Cores, memory and volumes, by profile",
            columns: [
                .init(title: "Profile"), .init(title: "Sets", isNumber: true), .init(title: "Cores", isNumber: true),
                .init(title: "Memory", isNumber: true), .init(title: "At most", isNumber: true),
                .init(title: "Volumes", isNumber: true),
            ])
        let rows =
            [row("<i>none</i>", nil, summary.requirements)]
            + summary.profiles.map { row("\($0.name)", $0.values.count, $0.requirements) }
        let ports = Set(summary.requirements.hostPorts.map { "\($0.port)/\($0.protocol) (\($0.owner))" }).sorted()
        let paths = Set(summary.requirements.hostPaths.map { "\($0.path) (\($0.owner))" }).sorted()
        func list(_ title: String, _ values: [String]) -> Markup {
            let items = values.map { "<li>\($0)</li>" as Markup }.joined()
            return values.isEmpty
                ? "" : "<h4>\(title)</h4><ul class=\"plain columns\">\(items)</ul>\n"
        }
        return table.html(rows) + "\n" + list("Ports of the host", ports) + list("Paths of the host", paths)
    }

    private var parameters: Markup {
        guard !summary.parameters.isEmpty else { return "<p class=\"note\">It takes no parameters.</p>" }
        let table = PageTable(
            id: "parameter-table", caption: "Parameters that an installation takes",
            columns: [
                .init(title: "Parameter", key: "parameter"), .init(title: "Takes", key: "takes"),
                .init(title: "Value", isCode: true), .init(title: "Meaning"),
            ], filter: summary.parameters.count > 12 ? "Filter parameters" : nil)
        let rows: [[PageTable.Cell]] = summary.parameters.map { parameter in
            [
                .init(text: parameter.name), .init("<span class=\"whole\">\(parameter.kind.rawValue)</span>"),
                .init(Self.value(of: parameter)),
                .init(text: parameter.meaning),
            ]
        }
        return "<h3>Parameters</h3>\n\(table.html(rows))"
    }

    private static func value(of parameter: Parameter) -> Markup {
        let fixed: Markup = parameter.isFrozen ? " <small>fixed</small>" : ""
        guard let value = parameter.value else {
            return parameter.generate == nil ? "<small>to be given</small>" : "<small>generated</small>"
        }
        return value.isEmpty ? "<small>empty</small>\(fixed)" : "\(value)\(fixed)"
    }
}
