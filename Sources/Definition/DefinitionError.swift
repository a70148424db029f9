package import BundleFormat
package import OCI

/// Something in a bundle's definition, manifests or lock that is not as it must be, and where.
package struct DefinitionError: Error, Hashable, Sendable {
    /// What is wrong.
    package enum Reason: Hashable, Sendable {
        /// No bundle.yaml there; `nearby` are folders that have one.
        case noSuchBundle(nearby: [String])
        /// The file can't be read; the system's or the decoder's reason.
        case unreadable(String)
        /// Not YAML; the parser's reason.
        case syntax(String)
        case unknownKey(String, in: String, known: [String])
        case duplicateKey(String)
        case missingKey(String, in: String, known: [String])
        case wrongType(field: String, expected: String, found: String)
        /// A value that breaks a rule of its field.
        case invalid(field: String, value: String, rule: String, suggestion: String? = nil)
        /// The same thing named twice where once is allowed.
        case repeated(field: String, value: String, firstLine: Int)
        /// A path that leads out of the definition's folder, by itself or through a symbolic link.
        case leavesFolder(field: String, path: String)
        /// No file of that name, or none that the pattern matches.
        case noMatch(field: String, pattern: String)
        case parameter(ParameterError)
        /// Malformed content of a field: a reference, a digest, a platform.
        case malformed(field: String, Malformed)
        /// An image depends on a parameter that gets its value only at install time.
        case imageDependsOnUnset(parameter: String, field: String)
    }

    package let location: SourceLocation
    package let reason: Reason

    package init(_ location: SourceLocation, _ reason: Reason) {
        self.location = location
        self.reason = reason
    }
}

extension DefinitionError: CustomStringConvertible {
    package var description: String { "\(location): \(sentence)" }

    private var sentence: String {
        switch reason {
        case .noSuchBundle: "no such bundle: there is no bundle.yaml"
        case .unreadable(let why): "can't be read: \(why)"
        case .syntax(let why): "not valid yaml: \(why)"
        case .unknownKey(let key, let place, let known):
            "unknown key '\(key)' in \(place); the keys here are \(known.joined(separator: ", "))"
        case .duplicateKey(let key): "the key '\(key)' stands here more than once"
        case .missingKey(let key, let place, _): "\(place) has no '\(key)'"
        case .wrongType(let field, let expected, let found): "\(field) must be \(expected), not \(found)"
        case .invalid(let field, let value, let rule, _): "\(field) can't be '\(value)': \(rule)"
        case .repeated(let field, let value, let line): "\(field) '\(value)' stands in line \(line) already"
        case .leavesFolder(let field, let path): "\(field) '\(path)' leads out of the bundle's folder"
        case .noMatch(let field, let pattern):
            pattern.contains { $0 == "*" || $0 == "?" }
                ? "\(field) '\(pattern)' matches no file" : "\(field) '\(pattern)': no such file"
        case .parameter(let error): error.description
        case .malformed(let field, let error): "\(field): \(error)"
        case .imageDependsOnUnset(let parameter, let field):
            "\(field): the image depends on parameter '\(parameter)', which has no value at build time"
        }
    }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch reason {
        case .noSuchBundle(let nearby):
            nearby.isEmpty
                ? "a bundle is a folder with a bundle.yaml in it; name that folder"
                : "bundles near here: \(nearby.joined(separator: ", "))"
        case .unreadable, .duplicateKey, .wrongType, .repeated, .malformed: nil
        case .syntax(let why):
            if why.contains("tab character") {
                "indent with spaces"
            } else if why.contains("character that cannot start any token") {
                "templates of other tools ({{ }}) and tabs are not yaml; parameters are written ${{ name }}"
            } else {
                nil
            }
        case .unknownKey(let key, _, let known): nearestName(to: key, among: known).map { "did you mean '\($0)'?" }
        case .missingKey(let key, _, let known):
            known == [key] ? nil : "the keys here are \(known.joined(separator: ", "))"
        case .invalid(_, _, _, let suggestion): suggestion
        case .leavesFolder: "copy what is needed into the bundle's folder; symbolic links may not lead out of it either"
        case .noMatch: "paths are relative to bundle.yaml; '*' and '?' match within one folder"
        case .parameter(let error): error.hint
        case .imageDependsOnUnset(let parameter, _):
            "give '\(parameter)' a default, or set it for the build with --set \(parameter)=VALUE"
        }
    }
}
