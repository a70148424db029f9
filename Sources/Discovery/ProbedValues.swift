internal import BundleFormat
internal import Definition
internal import SystemPackage

/// Parameter values that can be varied, to see what depends on them.
struct ProbedValues {
    private let parameters: [Parameter]
    private let values: [String: String]

    init(parameters: [Parameter], values: [String: String]) {
        self.parameters = parameters
        self.values = values
    }

    func isSet(_ name: String) -> Bool { values[name] != nil }

    /// The directories that the operator gives to the platform.
    var dataDirectories: [String] {
        parameters.filter { $0.kind == .path }.compactMap { values[$0.name] ?? Self.standIn(for: $0) }
    }

    /// The values, with stand-ins for those that only the installation will have.
    func expansion(
        for definition: BundleDefinition, varying varied: [Parameter] = []
    ) throws(DefinitionError) -> ParameterExpansion {
        var all = values
        for parameter in parameters where all[parameter.name] == nil {
            all[parameter.name] = Self.standIn(for: parameter)
        }
        for parameter in varied {
            all[parameter.name] = Self.other(than: all[parameter.name] ?? "", for: parameter)
        }
        do { return try ParameterExpansion(parameters: parameters, values: all) } catch {
            throw DefinitionError(SourceLocation(file: definition.file.string), .parameter(error))
        }
    }

    /// The parameters that `hits` depend on: give one another value, and the same field names another image.
    ///
    /// Told by trying it, because a value is put into the text before it is YAML: no node remembers where it came from.
    func frozen(
        by hits: [ImageHit], in file: BundleFile, text: String, definition: BundleDefinition
    ) throws(DefinitionError) -> [(name: String, hit: ImageHit)] {
        // The text was expanded before, so its placeholders are well-formed.
        guard !hits.isEmpty, text.contains("${{"), let names = try? ParameterExpansion.names(in: text) else {
            return []
        }
        func changed(by varied: [Parameter]) throws(DefinitionError) -> ImageHit? {
            let expansion = try expansion(for: definition, varying: varied)
            // The other value may make the reference malformed: then the image depends on it all the more.
            let scan = try? ManifestScan(file, text: text, expansion: expansion)
            return hits.first { hit in
                guard let scan else { return text.lines(hit.line).contains("${{") }
                return !scan.hits.contains {
                    $0.line == hit.line && $0.field == hit.field && $0.written == hit.written
                }
            }
        }
        let own = parameters.filter { names.contains($0.name) }
        // Mostly no image depends on any: all at once tells that, at the cost of one.
        guard try changed(by: own) != nil else { return [] }
        var result: [(String, ImageHit)] = []
        for parameter in own {
            if let hit = try changed(by: [parameter]) { result.append((parameter.name, hit)) }
        }
        return result
    }

    private static func standIn(for parameter: Parameter) -> String {
        if let choice = parameter.choices?.first { return choice }
        // For documents (RFC 5737); the node's own address is an address, and lint takes names for somebody else's.
        if parameter.generate?.format == Parameter.Generator.nodeAddress { return "192.0.2.1" }
        if parameter.generate?.format == Parameter.Generator.nodeName { return "node" }
        return switch parameter.kind {
        case .string: "unset" + String(repeating: "x", count: max(0, (parameter.minLength ?? 0) - 5))
        case .integer, .quantity: "1"
        case .boolean: "true"
        case .path: "/unset/\(parameter.name)"
        case .host: "unset.invalid"
        }
    }

    private static func other(than value: String, for parameter: Parameter) -> String {
        // Where there is but one choice nothing can depend on it.
        if let choices = parameter.choices { return choices.first { $0 != value } ?? value }
        return switch parameter.kind {
        case .string: value + "x0"
        case .integer, .quantity: value == "7" ? "8" : "7"
        case .boolean: value == "true" ? "false" : "true"
        case .path: value + "x0"
        case .host: value == "other.invalid" ? "another.invalid" : "other.invalid"
        }
    }
}

extension String {
    /// The line `number`, counted from 1.
    fileprivate func lines(_ number: Int) -> Substring {
        split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropFirst(number - 1).first ?? ""
    }
}
