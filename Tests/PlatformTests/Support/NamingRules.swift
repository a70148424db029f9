import Yams

/// Rules of names: what the API server refuses, though no schema says so, and what containers take amiss.
extension ObjectGraph {
    /// No two objects are the same one.
    func repeatedObjects() -> [Finding] {
        var seen: Set<[String]> = []
        return objects.filter { !seen.insert([$0.kind, $0.namespace ?? "", $0.name]).inserted }.map {
            Finding($0, "is there twice")
        }
    }

    /// Everything stands in `namespace`, but for what can't.
    func objectsOutside(_ namespace: String) -> [Finding] {
        objects.compactMap { object in
            let wanted = Object.clusterKinds.contains(object.kind) ? nil : namespace
            return object.namespace == wanted
                ? nil : Finding(object, "is in the namespace '\(object.namespace ?? "")'")
        }
    }

    /// Names are in the form that the API server takes: of objects, of ports, and once each inside a pod.
    func malformedNames() -> [Finding] {
        let ofObjects = objects.filter { !Self.isName($0.name, limit: 63) }.map { Finding($0, "its name is malformed") }
        let ofPods = pods.flatMap { pod -> [Finding] in
            let lists: [[Node]] =
                [pod.containers.map(\.node), pod.volumes] + pod.containers.map { $0.node["env"]?.items ?? [] }
            return lists.flatMap { list in
                repeated(list.compactMap { $0["name"]?.string }).map { Finding(pod.object, "has \($0) twice") }
            }
        }
        let ports =
            containers.flatMap { container in container.ports.map { (Finding(container, ""), $0) } }
            + all("Service").flatMap { service in
                (service["spec", "ports"]?.items ?? []).map { (Finding(service, ""), $0) }
            }
        return ofObjects + ofPods
            + ports.compactMap { owner, port in
                guard let name = port["name"]?.string, !Self.isName(name, limit: 15) else { return nil }
                return Finding(owner.place, "the port's name '\(name)' is malformed or too long")
            }
    }

    private static func isName(_ name: String, limit: Int) -> Bool {
        let inner = name.utf8.allSatisfy { $0 == 0x2D || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) }
        return inner && !name.isEmpty && name.utf8.count <= limit && !name.hasPrefix("-") && !name.hasSuffix("-")
    }

    private func repeated(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { !seen.insert($0).inserted }
    }

    /// Kubernetes tells every container of every Service, by variables such as `NAME_PORT`; images whose start scripts
    /// read such variables stop at them, or write them into their configuration.
    func serviceVariables() -> [Finding] {
        let links = pods.filter { $0.spec["enableServiceLinks"]?.bool != false }.map {
            Finding($0.object, "does not switch the variables of services off")
        }
        // What the start scripts of Kafka, its REST proxy, Schema Registry and ksqlDB refuse or misread.
        let forbidden = ["kafka", "kafka-rest", "kafka-advertised", "schema-registry", "ksql", "ksqldb"]
        return links
            + all("Service").filter { forbidden.contains($0.name) }.map {
                Finding($0, "its variables would be taken for settings")
            }
    }

    /// Labels as all objects have them.
    func unlabelledObjects() -> [Finding] {
        objects.filter { $0.isLongRunning }.flatMap { object -> [Finding] in
            let labels = strings(object["metadata", "labels"])
            var findings: [Finding] = []
            if labels["app"] == nil || labels["app"] != object.podLabels["app"] {
                findings.append(Finding(object, "its label app is not its pods'"))
            }
            if labels["app.kubernetes.io/part-of"] != "infometis" {
                findings.append(Finding(object, "has no label app.kubernetes.io/part-of: infometis"))
            }
            return findings
        }
    }
}
