internal import Definition
internal import OCI

/// A text that is, or may be, an image.
struct ImageHit {
    let reference: ImageReference
    let written: String
    let grade: DiscoveredImage.Grade
    let line: Int
    let object: String
    let field: FieldPath
}

/// A pod spec somewhere in an object.
struct PodSpec {
    let object: ManifestObject
    let node: YAMLNode
    let field: FieldPath

    /// The keys under which containers stand.
    static let containerKeys = ["containers", "initContainers", "ephemeralContainers"]

    /// All containers, each with its place and the key of its list.
    var containers: [(node: YAMLNode, field: FieldPath, list: String)] {
        Self.containerKeys.flatMap { key in
            (node[key]?.elements ?? []).enumerated().map { ($1, (field / key)[$0], key) }
        }
    }

    /// The kinds whose containers Kubernetes itself runs: each must have an image.
    static let coreKinds: Set = [
        "Pod", "PodTemplate", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job",
        "CronJob",
    ]

    /// Whether `node` has the shape of a pod spec: a list of containers under one of their keys.
    static func isPodSpec(_ node: YAMLNode) -> Bool {
        containerKeys.contains { key in
            guard let elements = node[key]?.elements, !elements.isEmpty else { return false }
            return elements.allSatisfy { $0.entries != nil }
                && elements.contains { element in
                    element["image"] != nil
                        || (element["name"]?.text != nil
                            && ["command", "args", "env", "ports", "resources"].contains { element[$0] != nil })
                }
        }
    }
}

/// Walks one object, whatever its kind, and collects its images and pod specs.
struct ImageScanner {
    let object: ManifestObject
    /// The file as messages show it.
    let shown: String
    private(set) var hits: [ImageHit] = []
    private(set) var podSpecs: [PodSpec] = []

    init(_ object: ManifestObject, shownAs shown: String) {
        self.object = object
        self.shown = shown
    }

    /// Where the lines of the nodes that are being walked are in the file.
    enum Lines {
        case own
        /// A literal text of the file: its first line is the one after `base`.
        case after(Int)
        /// A text whose lines can't be told apart in the file.
        case fixed(Int)

        func line(of node: YAMLNode) -> Int {
            switch self {
            case .own: node.line
            case .after(let base): base + node.line
            case .fixed(let line): line
            }
        }
    }

    /// What a walk knows of the place that it has come to.
    struct Place {
        var field = FieldPath()
        /// The nearest key above; that of the list for its elements.
        var key = ""
        var lines = Lines.own
        /// How many texts inside texts it has gone through.
        var depth = 0

        static func / (place: Place, key: String) -> Place {
            var place = place
            place.field = place.field / key
            place.key = key
            return place
        }

        subscript(index: Int) -> Place {
            var place = self
            place.field = field[index]
            return place
        }
    }

    /// Scans the whole object; throws where Kubernetes would be asked for an image whose name is malformed.
    mutating func scan() throws(DefinitionError) {
        try walk(object.node, at: Place())
    }

    mutating func walk(_ node: YAMLNode, at place: Place) throws(DefinitionError) {
        switch node.content {
        case .scalar: try scanScalar(node, at: place)
        case .sequence(let elements):
            for (index, element) in elements.enumerated() { try walk(element, at: place[index]) }
        case .mapping(let entries):
            if PodSpec.isPodSpec(node) { return try scanPodSpec(node, at: place) }
            let handled = scanPair(node, at: place)
            for entry in entries where !handled.contains(entry.key) && !Self.isCopy(entry.key) {
                var inner = place / entry.key
                // A variable, here or in a custom resource: its value is known by its name.
                if entry.key == "value", let name = node["name"]?.text { inner.key = name }
                try walk(entry.value, at: inner)
            }
        }
    }

    /// Copies of an object that kubectl leaves in it; what they say is no longer asked for.
    private static func isCopy(_ key: String) -> Bool { key == "kubectl.kubernetes.io/last-applied-configuration" }

    private mutating func scanPodSpec(_ node: YAMLNode, at place: Place) throws(DefinitionError) {
        if place.depth == 0 { podSpecs.append(PodSpec(object: object, node: node, field: place.field)) }
        for entry in node.entries ?? [] {
            let inner = place / entry.key
            if PodSpec.containerKeys.contains(entry.key) {
                for (index, container) in (entry.value.elements ?? []).enumerated() {
                    try scanContainer(container, at: inner[index])
                }
            } else if entry.key == "volumes" {
                for (index, volume) in (entry.value.elements ?? []).enumerated() {
                    guard let reference = volume[path: "image", "reference"] else {
                        try walk(volume, at: inner[index])
                        continue
                    }
                    try addCertain(reference, at: inner[index] / "image" / "reference")
                }
            } else {
                try walk(entry.value, at: inner)
            }
        }
    }

    private mutating func scanContainer(_ container: YAMLNode, at place: Place) throws(DefinitionError) {
        if place.depth == 0, PodSpec.coreKinds.contains(object.kind), container["image"] == nil {
            throw DefinitionError(
                SourceLocation(file: shown, line: container.line),
                .missingKey("image", in: "\(object.label) \(place.field)", known: ["image"]))
        }
        for entry in container.entries ?? [] {
            let inner = place / entry.key
            switch entry.key {
            case "image": try addCertain(entry.value, at: inner)
            case "command", "args": scanArguments(entry.value, at: inner)
            default: try walk(entry.value, at: inner)
            }
        }
    }

    private mutating func addCertain(_ node: YAMLNode, at place: Place) throws(DefinitionError) {
        guard place.depth == 0 else {
            // A text that some program will read: what it does with it is for that program to say.
            return addNamed(node, at: place)
        }
        // An operator may fill in what its custom resource leaves empty or writes in parts.
        let written = node.text ?? ""
        guard !written.isEmpty || PodSpec.coreKinds.contains(object.kind) else { return try walk(node, at: place) }
        do {
            let reference = try ImageReference(parsing: written)
            add(reference, written, .certain, node, place)
        } catch {
            throw DefinitionError(
                SourceLocation(file: shown, line: node.line),
                .malformed(field: "\(object.label) \(place.field)", error))
        }
    }

    /// A text under a key that names images.
    mutating func addNamed(_ node: YAMLNode, at place: Place) {
        guard let text = node.text, let found = ImageText.namedAsImage(text) else { return }
        add(found.reference, text, found.isPinned ? .likely : .guess, node, place)
    }

    mutating func add(
        _ reference: ImageReference, _ written: String, _ grade: DiscoveredImage.Grade, _ node: YAMLNode, _ place: Place
    ) {
        hits.append(
            ImageHit(
                reference: reference, written: written, grade: grade, line: place.lines.line(of: node),
                object: object.label, field: place.field))
    }

    mutating func addText(
        _ hit: (reference: ImageReference, written: String, grade: DiscoveredImage.Grade), line: Int, at place: Place
    ) {
        hits.append(
            ImageHit(
                reference: hit.reference, written: hit.written, grade: hit.grade, line: line, object: object.label,
                field: place.field))
    }
}
