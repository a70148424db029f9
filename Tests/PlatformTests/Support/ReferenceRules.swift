import Yams

/// Rules of what objects name.
extension ObjectGraph {
    /// A name that an object uses: of what kind, and perhaps which key of it.
    private struct Reference {
        let kind: String
        let name: String
        var key: String?
    }

    /// Everything that a pod names is applied in the same stage or an earlier one, with the key that is asked for.
    func missingReferences() -> [Finding] {
        let ofPods = pods.flatMap { pod in
            references(of: pod).flatMap { findings(of: $0, used: pod.object) }
        }
        return ofPods
            + objects.flatMap { object in ownReferences(of: object).flatMap { findings(of: $0, used: object) } }
    }

    private func findings(of reference: Reference, used object: Object) -> [Finding] {
        // Every namespace has it.
        if reference.kind == "ServiceAccount", reference.name == "default" { return [] }
        if reference.kind == "PriorityClass", reference.name.hasPrefix("system-") { return [] }
        guard let target = self.object(reference.kind, reference.name, notAfter: object) else {
            return [Finding(object, "\(reference.kind)/\(reference.name) is not there in time")]
        }
        guard let key = reference.key, !target.dataKeys.contains(key) else { return [] }
        return [Finding(object, "\(target.title) has no key \(key)")]
    }

    private func references(of pod: Pod) -> [Reference] {
        var list = [
            Reference(kind: "ServiceAccount", name: pod.spec["serviceAccountName"]?.string ?? "default")
        ]
        if let name = pod.spec["priorityClassName"]?.string { list.append(.init(kind: "PriorityClass", name: name)) }
        for volume in pod.volumes {
            if let name = volume["persistentVolumeClaim"]?["claimName"]?.string {
                list.append(.init(kind: "PersistentVolumeClaim", name: name))
            }
            for source in [volume] + (volume["projected"]?["sources"]?.items ?? []) {
                list += keyed(source["configMap"], "ConfigMap") + keyed(source["secret"], "Secret")
            }
        }
        for container in pod.containers {
            for source in container.node["envFrom"]?.items ?? [] {
                list += keyed(source["configMapRef"], "ConfigMap") + keyed(source["secretRef"], "Secret")
            }
            for variable in container.node["env"]?.items ?? [] {
                let source = variable["valueFrom"]
                list += keyed(source?["configMapKeyRef"], "ConfigMap") + keyed(source?["secretKeyRef"], "Secret")
            }
            list += container.mounts.flatMap { subPath(of: $0, in: pod) }
        }
        return list
    }

    /// A mount of one file out of a ConfigMap or a Secret needs that file's key.
    private func subPath(of mount: Node, in pod: Pod) -> [Reference] {
        guard let key = mount["subPath"]?.string, let volume = pod.volume(mount["name"]?.string ?? "") else {
            return []
        }
        for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
            // With `items`, the file's name is a path there and no key.
            guard let source = volume[field], source["items"] == nil else { continue }
            return [Reference(kind: kind, name: (source["name"] ?? source["secretName"])?.string ?? "", key: key)]
        }
        return []
    }

    /// What `source` names, once for each of its keys; nothing where it may be missing.
    private func keyed(_ source: Node?, _ kind: String) -> [Reference] {
        guard let source, source["optional"]?.bool != true else { return [] }
        let name = (source["name"] ?? source["secretName"])?.string ?? ""
        let keys = [source["key"]?.string] + (source["items"]?.items ?? []).map { $0["key"]?.string }
        let named = keys.compactMap { $0 }
        return named.isEmpty
            ? [Reference(kind: kind, name: name)] : named.map { Reference(kind: kind, name: name, key: $0) }
    }

    /// What objects without a pod name.
    private func ownReferences(of object: Object) -> [Reference] {
        switch object.kind {
        case "PersistentVolume", "PersistentVolumeClaim":
            [Reference(kind: "StorageClass", name: object["spec", "storageClassName"]?.string ?? "")]
        case "RoleBinding", "ClusterRoleBinding":
            [
                Reference(
                    kind: object["roleRef", "kind"]?.string ?? "", name: object["roleRef", "name"]?.string ?? "")
            ]
                + (object["subjects"]?.items ?? []).map {
                    Reference(kind: $0["kind"]?.string ?? "", name: $0["name"]?.string ?? "")
                }
        case "Ingress":
            (object["spec", "tls"]?.items ?? []).compactMap { $0["secretName"]?.string }.map {
                Reference(kind: "Secret", name: $0)
            }
        default: []
        }
    }

    /// Every mount names a volume of its pod, and every volume is mounted.
    func loosePodVolumes() -> [Finding] {
        pods.flatMap { pod -> [Finding] in
            let own = (pod.object["spec", "volumeClaimTemplates"]?.items ?? []).compactMap {
                $0["metadata"]?["name"]?.string
            }
            let volumes = Set(pod.volumes.compactMap { $0["name"]?.string } + own)
            let mounted = pod.containers.flatMap(\.mounts).compactMap { $0["name"]?.string }
            return Set(mounted).subtracting(volumes).sorted().map { Finding(pod.object, "mounts no volume \($0)") }
                + volumes.subtracting(mounted).sorted().map { Finding(pod.object, "never mounts its volume \($0)") }
        }
    }

    /// Files of the node that pods mount are among those that the installer puts there.
    func unknownBundleFiles(_ files: [String]) -> [Finding] {
        let folder = "/var/lib/sealift/files"
        return pods.flatMap { pod in
            pod.volumes.compactMap { $0["hostPath"]?["path"]?.string }
                .filter { path in
                    path.hasPrefix(folder) && path != folder && !files.contains { "\(folder)/\($0)" == path }
                }
                .map { Finding(pod.object, "the bundle brings no file \($0)") }
        }
    }
}
