import BundleFormat
import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage
import Threads
import Yams

/// The bundle `infometis` as an installation applies it: every placeholder filled in.
struct RenderedPlatform {
    /// One document of a manifest or a check.
    struct Object {
        let stage: String
        /// Relative to the bundle's folder.
        let file: String
        let isCheck: Bool
        let node: Node

        var kind: String { node["kind"]?.string ?? "" }
        var name: String { node["metadata"]?["name"]?.string ?? "" }
        var namespace: String? { node["metadata"]?["namespace"]?.string }
        /// `Kind/name`, for messages.
        var title: String { "\(kind)/\(name)" }

        /// The pod spec of a workload, wherever its kind has it.
        var podSpec: Node? {
            switch kind {
            case "Pod": node["spec"]
            case "CronJob": node["spec"]?["jobTemplate"]?["spec"]?["template"]?["spec"]
            default: node["spec"]?["template"]?["spec"]
            }
        }
        var podLabels: [String: String] { strings(node["spec"]?["template"]?["metadata"]?["labels"]) }
    }

    /// The rendered text of a file of the bundle.
    struct File {
        let stage: String
        let path: String
        let isCheck: Bool
        let text: String
    }

    let definition: BundleDefinition
    let values: [String: String]
    let files: [File]
    let objects: [Object]

    static let folder = repositoryRoot.appending("bundles").appending("infometis")

    /// Reading YAML is slow in a debug build and the tests ask for the same few variants, so each is rendered once.
    init(profile: String? = nil, overrides: [String: String] = [:]) throws {
        let choice = Choice(profile: profile, overrides: overrides)
        self = try Self.kept.withLock { kept in
            if let known = kept[choice] { return known }
            let made = Kept(platform: try Self(rendering: choice))
            kept[choice] = made
            return made
        }.platform
    }

    private struct Choice: Hashable {
        let profile: String?
        let overrides: [String: String]
    }

    /// Not Sendable by itself only because Yams finds out a node's tag when it is first asked; `settle` asks.
    private struct Kept: @unchecked Sendable {
        let platform: RenderedPlatform
    }

    private static let kept = Lock<[Choice: Kept]>([:])

    private static func settle(_ node: Node) {
        _ = node.tag
        if let mapping = node.mapping {
            for (key, value) in mapping {
                settle(key)
                settle(value)
            }
        }
        for element in node.sequence ?? [] { settle(element) }
    }

    private init(rendering choice: Choice) throws {
        let (profile, overrides) = (choice.profile, choice.overrides)
        let definition = try BundleDefinition(at: Self.folder)
        var values = try definition.values(profile: profile, overrides: overrides)
        for parameter in definition.parameters where values[parameter.name] == nil {
            values[parameter.name] = Self.sample(of: parameter)
        }
        let expansion = try ParameterExpansion(parameters: definition.parameters, values: values)
        var files: [File] = []
        for stage in definition.stages {
            for (list, isCheck) in [(stage.manifests, false), (stage.checks, true)] {
                for file in list {
                    let text = try expansion.expand(readText(at: file.location))
                    files.append(File(stage: stage.name, path: file.path, isCheck: isCheck, text: text))
                }
            }
        }
        self.definition = definition
        self.values = values
        self.files = files
        objects = try files.flatMap { file in
            try Yams.compose_all(yaml: file.text).compactMap { node in
                node.mapping == nil
                    ? nil : Object(stage: file.stage, file: file.path, isCheck: file.isCheck, node: node)
            }
        }
        for object in objects { Self.settle(object.node) }
    }

    /// What the installer would generate, in its shape.
    private static func sample(of parameter: Parameter) -> String {
        switch parameter.generate?.format {
        case Parameter.Generator.uuid: "MkU3OEVBNTcwNTJENDM2Qg"
        case Parameter.Generator.nodeAddress: "192.0.2.10"
        case Parameter.Generator.nodeName: "node-1"
        default: String(repeating: "x", count: parameter.generate?.length ?? 8)
        }
    }

    /// The one object of `kind` and `name`.
    func object(_ kind: String, _ name: String) -> Object? {
        objects.first { $0.kind == kind && $0.name == name }
    }

    /// The text under `key` of a ConfigMap.
    func text(ofConfigMap name: String, key: String) -> String? {
        object("ConfigMap", name)?.node["data"]?[key]?.string
    }
}

/// A mapping of scalars; empty where it is none.
func strings(_ node: Node?) -> [String: String] {
    guard let mapping = node?.mapping else { return [:] }
    return Dictionary(mapping.map { ($0.key.string ?? "", $0.value.string ?? "") }) { first, _ in first }
}
