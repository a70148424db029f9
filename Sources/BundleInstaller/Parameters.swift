internal import BundleFormat
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// The values of a bundle's parameters on this host: chosen, defaulted, or generated once and kept.
package struct Parameters: Hashable, Sendable {
    /// A parameter that the operator must give a value.
    package struct Missing: Hashable, Sendable, CustomStringConvertible {
        package var name: String
        package var meaning: String?

        package var description: String { name + (meaning.map { " (\($0))" } ?? "") }
    }

    /// What the file holds.
    private struct Kept: Codable {
        var values: [String: String]
        var generated: [String]
        var overrides: [String: String]
        var profile: String?
    }

    private(set) var values: [String: String]
    /// The names of those whose values were generated: secrets, as a rule.
    private(set) var generated: Set<String>
    /// What the operator chose, now and before.
    private(set) var overrides: [String: String]
    private(set) var profile: String?

    /// Puts the values together: defaults, over them those of profiles, over them what the operator chose before and now.
    ///
    /// What was generated stays the same for the life of the installation, since data was written with it.
    ///
    /// - Parameters:
    ///   - description: the bundle's.
    ///   - profile: as given now; without it that of before.
    ///   - overrides: as given now.
    ///   - path: where values were kept.
    ///   - nodeAddress: what parameters of the format `node-address` become.
    ///   - nodeName: what parameters of the format `node-name` become, where they were not kept: data is on that node.
    /// - Throws: where a choice is none, and ``InstallError/valuesMissing(_:)`` with every parameter without a value.
    init(
        of description: BundleDescription, profile: String?, overrides: [String: String], keptAt path: FilePath,
        nodeAddress: String?, nodeName: String? = nil
    ) throws {
        let kept = try Self.read(path)
        let choice = Self.choice(of: description, kept, profile: profile, overrides: overrides)
        self.profile = choice.profile
        self.overrides = choice.overrides
        values = try Self.resolve(description, choice)
        generated = []
        var missing: [Missing] = []
        for parameter in description.parameters where values[parameter.name] == nil {
            switch parameter.generate {
            case let generator? where generator.format == Parameter.Generator.nodeAddress:
                values[parameter.name] = nodeAddress
                if nodeAddress == nil { missing.append(Missing(name: parameter.name, meaning: "this node's address")) }
            case let generator? where generator.format == Parameter.Generator.nodeName:
                values[parameter.name] = kept?.values[parameter.name] ?? nodeName
                if values[parameter.name] == nil {
                    missing.append(Missing(name: parameter.name, meaning: "this node's name"))
                }
            case let generator?:
                let before = kept?.generated.contains(parameter.name) == true ? kept?.values[parameter.name] : nil
                values[parameter.name] = before ?? generator.makeValue()
                generated.insert(parameter.name)
            case nil: missing.append(Missing(name: parameter.name, meaning: parameter.description))
            }
        }
        guard missing.isEmpty else { throw InstallError.valuesMissing(missing) }
    }

    /// The profile and the values that are known before an installation: chosen before and now, and defaults; nothing
    /// is generated.
    static func known(
        of description: BundleDescription, profile: String?, overrides: [String: String], keptAt path: FilePath
    ) throws -> (profile: String?, values: [String: String]) {
        let choice = choice(of: description, try read(path), profile: profile, overrides: overrides)
        return (choice.profile, try resolve(description, choice))
    }

    private static func choice(
        of description: BundleDescription, _ kept: Kept?, profile: String?, overrides: [String: String]
    ) -> (profile: String?, overrides: [String: String]) {
        let declared = Set(description.parameters.map(\.name))
        // An upgrade may have dropped a parameter or a profile; what was chosen of them has no meaning any more.
        return (
            profile ?? kept?.profile.flatMap { remaining(of: $0, in: description) },
            (kept?.overrides ?? [:]).filter { declared.contains($0.key) }.merging(overrides) { _, now in now }
        )
    }

    private static func remaining(of profile: String, in description: BundleDescription) -> String? {
        let names = Parameter.profileNames(in: profile).filter { description.profiles[$0] != nil }
        return names.isEmpty ? nil : names.joined(separator: ",")
    }

    private static func resolve(
        _ description: BundleDescription, _ choice: (profile: String?, overrides: [String: String])
    ) throws -> [String: String] {
        try Parameter.resolve(
            description.parameters, profiles: description.profiles, profile: choice.profile,
            overrides: choice.overrides)
    }

    /// No values at all: those of a host that applies nothing.
    static let none = Parameters()

    private init() { (values, generated, overrides, profile) = ([:], [], [:], nil) }

    /// The values that were kept at `path`; throws where there are none.
    init(keptAt path: FilePath) throws {
        guard let kept = try Self.read(path) else { throw InstallError.notInstalled(state: path) }
        values = kept.values
        generated = Set(kept.generated)
        overrides = kept.overrides
        profile = kept.profile
    }

    /// Keeps the values, for root's eyes only.
    func keep(at path: FilePath) throws {
        let kept = Kept(values: values, generated: generated.sorted(), overrides: overrides, profile: profile)
        try StateFile.writeSecret(try encodeJSON(kept), to: path)
    }

    private static func read(_ path: FilePath) throws -> Kept? {
        guard let bytes = try StateFile.read(path) else { return nil }
        let kept: Kept = try decodeJSON(bytes, as: "parameter values in \(path)")
        return kept
    }
}

extension Parameter.Generator {
    /// A value from the kernel's random numbers.
    func makeValue() -> String {
        var random = SystemRandomNumberGenerator()
        guard format == Self.uuid else {
            let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
            return String((0..<length).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
        }
        while true {
            var bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            // RFC 9562, 5.4: version 4, variant 10.
            bytes[6] = bytes[6] & 0x0F | 0x40
            bytes[8] = bytes[8] & 0x3F | 0x80
            // URL-safe and without padding, as Kafka writes its cluster id.
            let text = String(
                Data(bytes).base64EncodedString().prefix(22).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
            // Tools would take a leading '-' for an option.
            if !text.hasPrefix("-") { return text }
        }
    }
}
