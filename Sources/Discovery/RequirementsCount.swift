internal import BundleFormat
internal import Definition
internal import SystemPackage

/// Adds up what the objects of a bundle ask of the host.
struct RequirementsCount {
    private var requirements = Requirements()
    private var ports: Set<Requirements.HostPort> = []
    private var paths: Set<Requirements.HostPath> = []
    /// Storage classes that a PersistentVolume of the bundle has; its claims need no further room.
    private var servedClasses: Set<String> = []
    private var claims: [(storageClass: String, bytes: Int64)] = []

    /// What all of `scans` ask for; throws where an amount is no quantity.
    static func requirements(of scans: [ManifestScan]) throws(DefinitionError) -> Requirements {
        var count = RequirementsCount()
        for scan in scans {
            let shown = scan.file.location.string
            for spec in scan.podSpecs { try count.add(spec, shown) }
            for object in scan.objects { try count.add(object, shown) }
        }
        return count.total()
    }

    private consuming func total() -> Requirements {
        for claim in claims where !servedClasses.contains(claim.storageClass) {
            requirements.volumeBytes.add(claim.bytes)
        }
        requirements.hostPorts = ports.sorted {
            ($0.port, $0.protocol, $0.owner) < ($1.port, $1.protocol, $1.owner)
        }
        requirements.hostPaths = paths.sorted {
            ($0.path, $0.owner, $0.bytes ?? 0) < ($1.path, $1.owner, $1.bytes ?? 0)
        }
        return requirements
    }

    private mutating func add(_ spec: PodSpec, _ shown: String) throws(DefinitionError) {
        let resources = try PodResources(of: spec, shownAs: shown)
        let count = spec.replicas
        requirements.cpuMillis.add(resources.cpuMillis.times(count))
        requirements.memoryBytes.add(resources.memoryBytes.times(count))
        requirements.memoryLimitBytes.add(resources.memoryLimitBytes.times(count))
        let usesHostNetwork = spec.node["hostNetwork"]?.text == "true"
        for (container, _, _) in spec.containers {
            for port in container["ports"]?.elements ?? [] {
                add(port: port["hostPort"], of: port, owner: spec.object)
                if usesHostNetwork { add(port: port["containerPort"], of: port, owner: spec.object) }
            }
        }
        for volume in spec.node["volumes"]?.elements ?? [] {
            add(path: volume[path: "hostPath", "path"], bytes: nil, owner: spec.object)
        }
    }

    private mutating func add(_ object: ManifestObject, _ shown: String) throws(DefinitionError) {
        let reader = QuantityReader(object: object, shown: shown)
        let spec = FieldPath() / "spec"
        switch object.kind {
        case "Service":
            for port in object.node[path: "spec", "ports"]?.elements ?? [] {
                add(port: port["nodePort"], of: port, owner: object)
            }
        case "PersistentVolume":
            let capacity = object.node[path: "spec", "capacity", "storage"]
            let bytes = try reader.amount(capacity, spec / "capacity" / "storage")?.value
            requirements.volumeBytes.add(bytes)
            servedClasses.insert(object.node[path: "spec", "storageClassName"]?.text ?? "")
            for source in ["hostPath", "local"] {
                add(path: object.node[path: "spec", source, "path"], bytes: bytes, owner: object)
            }
        case "PersistentVolumeClaim":
            try add(claim: object.node, count: 1, spec, reader)
        case "StatefulSet":
            let replicas = object.node[path: "spec", "replicas"]?.text.flatMap { Int64($0) } ?? 1
            for (index, claim) in (object.node[path: "spec", "volumeClaimTemplates"]?.elements ?? []).enumerated() {
                let field = (spec / "volumeClaimTemplates")[index] / "spec"
                try add(claim: claim, count: max(0, replicas), field, reader)
            }
        default: break
        }
    }

    private mutating func add(
        claim: YAMLNode, count: Int64, _ field: FieldPath, _ reader: QuantityReader
    ) throws(DefinitionError) {
        let node = claim[path: "spec", "resources", "requests", "storage"]
        let bytes = try reader.amount(node, field / "resources" / "requests" / "storage")?.value ?? 0
        claims.append((claim[path: "spec", "storageClassName"]?.text ?? "", bytes.times(count)))
    }

    private mutating func add(port node: YAMLNode?, of port: YAMLNode, owner: ManifestObject) {
        guard let number = node?.text.flatMap({ Int($0) }), (1...65535).contains(number) else { return }
        let `protocol` = port["protocol"]?.text ?? "TCP"
        ports.insert(Requirements.HostPort(port: number, protocol: `protocol`, owner: owner.label))
    }

    private mutating func add(path node: YAMLNode?, bytes: Int64?, owner: ManifestObject) {
        // The bundle's own files are no data, and are put there by the installation.
        guard let path = node?.text, path.hasPrefix("/"), !path.hasPrefix("\(InstalledFiles.folder)/") else { return }
        paths.insert(Requirements.HostPath(path: path, owner: owner.label, bytes: bytes))
    }
}

extension PodSpec {
    /// How many pods of this kind run at once on one node.
    var replicas: Int64 {
        let key =
            switch object.kind {
            case "DaemonSet", "Pod", "PodTemplate": ""
            case "Job", "CronJob": "parallelism"
            default: "replicas"
            }
        // The count stands beside the template of the pods: spec.replicas for spec.template.spec.
        let path = object.kind == "CronJob" ? object.node[path: "spec", "jobTemplate", "spec"] : object.node["spec"]
        return max(0, path?[key]?.text.flatMap { Int64($0) } ?? 1)
    }
}
