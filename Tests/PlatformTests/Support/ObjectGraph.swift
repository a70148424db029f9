import BundleFormat
import Definition
import Yams

/// Objects as rules look at them: those of the rendered bundle, or a few that a rule is tried with.
struct ObjectGraph {
    typealias Object = RenderedPlatform.Object

    let objects: [Object]
    /// The names of the stages, in order.
    let stages: [String]

    init(_ platform: RenderedPlatform) {
        objects = platform.objects
        stages = platform.definition.stages.map(\.name)
    }

    /// The documents of `texts`, each text being a stage `one`, `two`, … of its own.
    init(_ texts: String...) throws {
        let names = ["one", "two", "three"]
        stages = Array(names.prefix(texts.count))
        objects = try zip(names, texts).flatMap { name, text in
            try Yams.compose_all(yaml: text).map {
                Object(stage: name, file: "\(name).yaml", isCheck: false, node: $0)
            }
        }
    }

    var pods: [Pod] { objects.compactMap(Pod.init) }
    var containers: [PodContainer] { pods.flatMap(\.containers) }

    func all(_ kind: String) -> [Object] { objects.filter { $0.kind == kind } }

    func object(_ kind: String, _ name: String) -> Object? { objects.first { $0.kind == kind && $0.name == name } }

    /// The object, where it is applied no later than `user`.
    func object(_ kind: String, _ name: String, notAfter user: Object) -> Object? {
        objects.first { $0.kind == kind && $0.name == name && order($0) <= order(user) }
    }

    private func order(_ object: Object) -> Int { stages.firstIndex(of: object.stage) ?? stages.count }
}

extension RenderedPlatform.Object {
    /// Kinds that stand in no namespace, as far as the bundle may use them.
    static let clusterKinds: Set = [
        "ClusterRole", "ClusterRoleBinding", "IngressClass", "Namespace", "PersistentVolume", "PriorityClass",
        "StorageClass",
    ]

    /// A controller that keeps its pods running.
    var isLongRunning: Bool { ["Deployment", "StatefulSet", "DaemonSet"].contains(kind) }

    /// The value down a path of keys.
    subscript(keys: String...) -> Node? { keys.reduce(node as Node?) { $0?[$1] } }

    /// The keys of a ConfigMap or a Secret.
    var dataKeys: Set<String> {
        Set(["data", "stringData", "binaryData"].flatMap { strings(node[$0]).keys })
    }
}

extension Node {
    /// The elements of a sequence; empty where it is none.
    var items: [Node] { sequence.map(Array.init) ?? [] }

    /// A scalar as an amount.
    var quantity: Quantity? { string.flatMap { Quantity($0) } }

    /// Every scalar in it, in order, keys left out.
    var scalars: [String] {
        switch self {
        case .scalar(let scalar): [scalar.string]
        case .sequence(let sequence): sequence.flatMap(\.scalars)
        case .mapping(let mapping): mapping.flatMap(\.value.scalars)
        case .alias: []
        }
    }
}

extension ObjectGraph {
    /// The documents of `text`, as checks of the stage `one`.
    init(checks text: String) throws {
        stages = ["one"]
        objects = try Yams.compose_all(yaml: text).map {
            Object(stage: "one", file: "one.yaml", isCheck: true, node: $0)
        }
    }
}

// What a failed expectation prints of them; the whole content would hide what it expected.
extension ObjectGraph: CustomStringConvertible {
    var description: String { "\(objects.count) objects" }
}
extension RenderedPlatform.Object: CustomStringConvertible {
    var description: String { "\(title) in \(file)" }
}
