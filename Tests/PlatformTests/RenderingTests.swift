import BundleFormat
import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage
import Testing
import Yams

@Suite struct RenderingTests {
    @Test(arguments: Variant.all) func everyVariantFillsEveryPlaceholder(_ variant: Variant) throws {
        let platform = try variant.rendered()
        #expect(!platform.objects.isEmpty)
        for file in platform.files { #expect(!file.text.contains("${{"), "\(file.path)") }
    }

    @Test func thereAreTheDocumentedProfiles() throws {
        let definition = try RenderedPlatform().definition
        #expect(Set(definition.profiles.keys) == ["standard", "small", "development", "restricted"])
        // The documented figures are the defaults.
        #expect(try definition.values(profile: "standard") == definition.values())
        #expect(try definition.values(profile: "small") != definition.values())
    }

    /// What is secret or belongs to one cluster is made by the installation, and nowhere in the bundle.
    @Test func secretsAreGenerated() throws {
        let parameters = try RenderedPlatform().definition.parameters.filter { $0.generate != nil }
        #expect(
            Set(parameters.map(\.name)) == [
                "nodeAddress", "nodeName", "kafkaClusterId", "nifiPassword", "nifiSensitiveKey", "grafanaPassword",
            ])
        #expect(parameters.allSatisfy { $0.value == nil })
    }

    /// What an operator chose comes out in the Secret, whatever YAML makes of such characters elsewhere.
    @Test(arguments: [
        ("nifiUser", "nifi-credentials", "username"), ("nifiPassword", "nifi-credentials", "password"),
        ("nifiSensitiveKey", "nifi-credentials", "sensitive-key"), ("grafanaUser", "grafana-credentials", "user"),
        ("grafanaPassword", "grafana-credentials", "password"),
    ]) func aSecretMayHaveAnyCharacter(_ parameter: String, _ secret: String, _ key: String) throws {
        let value = #"it's "quoted" \n & {all: #of it}, 100% |- *x"#
        let object = try #require(try Variant(nil, [parameter: value]).rendered().object("Secret", secret))
        #expect(object["stringData", key]?.string == value)
    }

    @Test(
        arguments: [
            (["kafkaHepa": "1g"], "unknown parameter 'kafkaHepa'", "did you mean 'kafkaHeap'?"),
            (["pullPolicy": "Always"], "parameter 'pullPolicy' can't be 'Always'", nil),
            (["kafkaRetentionHours": "a week"], "parameter 'kafkaRetentionHours' can't be 'a week'", nil),
            (["dataDir": "data"], "parameter 'dataDir' can't be 'data'", nil),
            (["kafkaMemory": "2 GB"], "parameter 'kafkaMemory' can't be '2 GB'", nil),
            (["nodeAddress": "http://here"], "parameter 'nodeAddress' can't be 'http://here'", nil),
            (["traefikDashboard": "yes"], "parameter 'traefikDashboard' can't be 'yes'", nil),
            (["nifiUser": "adm"], "parameter 'nifiUser' can't be 'adm': 4 characters at least are wanted", nil),
            (
                ["nifiPassword": "elevenchars"],
                "parameter 'nifiPassword' can't have the value that it was given: 12 characters at least are wanted",
                nil
            ),
        ] as [([String: String], String, String?)])
    func aWrongValueIsRefused(_ overrides: [String: String], _ message: String, _ hint: String?) throws {
        let definition = try RenderedPlatform().definition
        let error = #expect(throws: ParameterError.self) {
            let values = try definition.values(overrides: overrides)
            _ = try ParameterExpansion(parameters: definition.parameters, values: values)
        }
        #expect(error?.description.hasPrefix(message) == true)
        #expect(error?.hint == hint)
    }

    @Test func anUnknownProfileIsRefused() throws {
        let definition = try RenderedPlatform().definition
        let error = #expect(throws: ParameterError.self) { try definition.values(profile: "small,restriced") }
        #expect(error?.description.hasPrefix("unknown profile 'restriced'") == true)
        #expect(error?.hint == "did you mean 'restricted'?")
    }

    /// A mistake in the bundle's own files names the file and the line.
    @Test(arguments: [
        ("bundle.yaml", "kafkaHeap, default: 2g", "kafkaHeap, defualt: 2g", "unknown key 'defualt'"),
        ("bundle.yaml", "nifiMemory, type: quantity", "nifiMemory, type: size", "type can't be 'size'"),
        ("bundle.yaml", "kafkaCpu: 250m", "kafkaCpus: 250m", "unknown parameter 'kafkaCpus'"),
        ("bundle.yaml", "kafkaCpu: 250m", "kafkaCpu: a quarter", "'kafkaCpu' can't be 'a quarter'"),
        ("bundle.yaml", "default: Delete", "default: Remove", "'reclaimPolicy' can't be 'Remove'"),
        ("bundle.yaml", "- name: data\n", "- name: core\n", "stands in line"),
        ("bundle.yaml", "[\"manifests/storage/*.yaml\"]", "[\"manifests/store/*.yaml\"]", "matches no file"),
        ("manifests/data/kafka.yaml", "${{ kafkaHeap }}", "${{ kafkaHeep }}", "unknown parameter 'kafkaHeep'"),
        ("manifests/data/kafka.yaml", "${{ kafkaSegmentBytes }}", "${{ kafkaSegmentBytes }", "'${{' is not closed"),
        ("manifests/data/kafka.yaml", "${{ kafkaHeap }}", "${{ kafka heap }}", "is no parameter name"),
        ("manifests/data/kafka.yaml", "kind: StatefulSet", "kind: [", "not valid yaml"),
    ]) func aMistakeInTheBundleNamesItsLine(_ path: String, _ old: String, _ new: String, _ wanted: String) throws {
        var files = try Self.files()
        let pieces = try #require(files[path]).split(separator: old, omittingEmptySubsequences: false)
        try #require(pieces.count > 1, "'\(old)' is not in \(path)")
        files[path] = pieces[0] + new + pieces[1...].joined(separator: old)
        let line = pieces[0].filter { $0 == "\n" }.count + 1
        try withFolder(files) { folder in
            let found = try message(in: folder) {
                let definition = try BundleDefinition(at: folder)
                for profile in definition.profiles.keys.sorted() { _ = try definition.values(profile: profile) }
                _ = try discover(in: definition, values: definition.values())
            }
            let text = try #require(found?.text)
            #expect(text.hasPrefix("\(path):"))
            // The parser sees what is not closed only where something else should have come.
            let lines = text.split(separator: ":").dropFirst().first.flatMap { Int($0) } ?? 0
            #expect(wanted == "not valid yaml" ? lines >= line : lines == line, "\(text)")
            #expect(text.contains(wanted), "\(text)")
        }
    }

    /// A parameter that nobody gave a value is an error where it is used, and nothing is left blank.
    @Test(arguments: [
        ("kafkaHeap", "manifests/data/kafka.yaml"), ("nifiPassword", "manifests/ingestion/nifi.yaml"),
        ("ingressHost", "checks/core/integration.yaml"),
    ]) func aMissingValueNamesItsLine(_ name: String, _ path: String) throws {
        let platform = try RenderedPlatform()
        var values = platform.values
        values[name] = nil
        let expansion = try ParameterExpansion(parameters: platform.definition.parameters, values: values)
        let text = try readText(at: platform.definition.folder.appending(path))
        let error = #expect(throws: ParameterError.self) { try expansion.expand(text) }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(error?.line == lines.firstIndex { $0.contains("${{ \(name) }}") }.map { $0 + 1 })
        #expect(error?.description == "parameter '\(name)' has no value")
    }

    /// The files that the definition names, and itself.
    private static func files() throws -> [String: String] {
        let definition = try RenderedPlatform().definition
        var paths = definition.manifestsAndChecks.map(\.path) + [BundleDefinition.fileName]
        if let config = definition.kubernetes?.config { paths.append(config.path) }
        return Dictionary(
            uniqueKeysWithValues: try paths.map { ($0, try readText(at: definition.folder.appending($0))) })
    }
}
