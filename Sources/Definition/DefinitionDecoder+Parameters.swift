internal import BundleFormat

extension DefinitionDecoder {
    func parameters(_ cursors: [StrictYAML]) throws(DefinitionError) -> [Parameter] {
        var parameters: [(parameter: Parameter, line: Int)] = []
        for cursor in cursors {
            let parameter = try self.parameter(cursor)
            if let first = parameters.first(where: { $0.parameter.name == parameter.name }) {
                throw DefinitionError(
                    cursor.location, .repeated(field: "parameter", value: parameter.name, firstLine: first.line))
            }
            parameters.append((parameter, cursor.line))
        }
        return parameters.map(\.parameter)
    }

    private func parameter(_ cursor: StrictYAML) throws(DefinitionError) -> Parameter {
        let mapping = try cursor.mapping("name", "type", "choices", "minLength", "default", "description", "generate")
        let name = try mapping.required("name")
        guard Parameter.isName(try name.string()) else {
            throw name.invalid(try name.string(), "a parameter's name is a letter, then letters, digits, '_' and '-'")
        }
        var parameter = Parameter(
            name: try name.string(), kind: try mapping["type"].map(choice) ?? .string,
            description: try mapping["description"]?.string())
        parameter.choices = try choices(mapping, of: parameter)
        parameter.minLength = try minLength(mapping, of: parameter)
        if let value = mapping["default"] {
            parameter.value = try checked(value, for: parameter)
        }
        if let generate = mapping["generate"] {
            guard parameter.value == nil else {
                throw generate.invalid("…", "a parameter has either a default or is generated")
            }
            let generator = try generator(generate)
            let kinds: [Parameter.Kind] = generator.isOfHost ? [.string, .host] : [.string]
            guard kinds.contains(parameter.kind), parameter.choices == nil else {
                throw generate.invalid("…", "only a parameter of type string without choices can be generated")
            }
            // Whoever generates less than is wanted would fail at every installation.
            if !generator.isOfHost, let least = parameter.minLength, generator.length < least {
                throw generate.invalid("…", "the value has \(least) characters at least")
            }
            parameter.generate = generator
        }
        return parameter
    }

    private func choices(_ mapping: StrictMapping, of parameter: Parameter) throws(DefinitionError) -> [String]? {
        guard let cursor = mapping["choices"] else { return nil }
        var choices: [String] = []
        for choice in try mapping.list("choices") {
            let value = try checked(choice, for: parameter)
            guard !choices.contains(value) else { throw choice.invalid(value, "each choice is named once") }
            choices.append(value)
        }
        guard !choices.isEmpty else { throw cursor.invalid("[]", "there is something to choose from") }
        return choices
    }

    private func minLength(_ mapping: StrictMapping, of parameter: Parameter) throws(DefinitionError) -> Int? {
        guard let cursor = mapping["minLength"] else { return nil }
        guard parameter.kind == .string, parameter.choices == nil else {
            throw cursor.invalid(try cursor.string(), "only a parameter of type string without choices has a length")
        }
        let length = try cursor.integer()
        guard (1...256).contains(length) else {
            throw cursor.invalid(try cursor.string(), "a length is 1 to 256 characters")
        }
        return Int(length)
    }

    private func generator(_ cursor: StrictYAML) throws(DefinitionError) -> Parameter.Generator {
        let mapping = try cursor.mapping("length", "format")
        let formats = [
            Parameter.Generator.alphanumeric, Parameter.Generator.uuid, Parameter.Generator.nodeAddress,
            Parameter.Generator.nodeName,
        ]
        let format = try mapping["format"]?.string() ?? formats[0]
        guard formats.contains(format) else {
            throw try mapping.required("format").invalid(format, "the choices are \(formats.joined(separator: ", "))")
        }
        if Parameter.Generator(length: 0, format: format).isOfHost {
            if let length = mapping["length"] {
                let what = format == Parameter.Generator.nodeName ? "name" : "address"
                throw length.invalid(try length.string(), "the node's \(what) has no chosen length")
            }
            return .init(length: 0, format: format)
        }
        guard format == Parameter.Generator.alphanumeric else {
            let length = try mapping["length"]?.integer() ?? 22
            guard length == 22 else {
                throw cursor.invalid(String(length), "a uuid in base64 has 22 characters")
            }
            return .init(length: 22, format: format)
        }
        let length = try mapping.required("length")
        guard (8...256).contains(try length.integer()) else {
            throw length.invalid(try length.string(), "a generated value has 8 to 256 characters")
        }
        return .init(length: Int(try length.integer()), format: format)
    }

    func profiles(
        _ cursor: StrictYAML?, of parameters: [Parameter]
    ) throws(DefinitionError) -> [String: [String: String]] {
        guard let cursor else { return [:] }
        var profiles: [String: [String: String]] = [:]
        for profile in try cursor.anyMapping() {
            guard isLabel(profile.key) else {
                throw profile.value.invalid(profile.key, "a profile's name is lowercase letters, digits and '-'")
            }
            var values: [String: String] = [:]
            for entry in try profile.value.anyMapping() {
                guard let parameter = parameters.first(where: { $0.name == entry.key }) else {
                    throw DefinitionError(
                        SourceLocation(file: cursor.file, line: entry.line),
                        .parameter(.unknown(name: entry.key, line: nil, known: parameters.map(\.name).sorted())))
                }
                values[entry.key] = try checked(entry.value, for: parameter)
            }
            profiles[profile.key] = values
        }
        return profiles
    }

    private func checked(_ cursor: StrictYAML, for parameter: Parameter) throws(DefinitionError) -> String {
        let value = try cursor.string()
        do { try parameter.validate(value) } catch { throw DefinitionError(cursor.location, .parameter(error)) }
        return value
    }
}
