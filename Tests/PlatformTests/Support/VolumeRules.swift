import Yams

/// Rules of stored data.
extension ObjectGraph {
    /// A claim and its volume name each other and agree; no volume is left over.
    func volumesWithoutClaims() -> [Finding] {
        let claims = all("PersistentVolumeClaim")
        let orphans = all("PersistentVolume").filter { volume in
            !claims.contains { $0["spec", "volumeName"]?.string == volume.name }
        }
        return orphans.map { Finding($0, "no claim names it") }
            + claims.flatMap { claim -> [Finding] in
                let name = claim["spec", "volumeName"]?.string ?? ""
                guard let volume = object("PersistentVolume", name, notAfter: claim) else {
                    return [Finding(claim, "there is no volume '\(name)'")]
                }
                return disagreements(claim, volume)
            }
    }

    private func disagreements(_ claim: Object, _ volume: Object) -> [Finding] {
        let sizes = [
            claim["spec", "resources", "requests", "storage"]?.string, volume["spec", "capacity", "storage"]?.string,
        ]
        var findings: [Finding] = []
        if sizes[0] != sizes[1] || sizes[0] == nil { findings.append(Finding(claim, "its size is not its volume's")) }
        for field in ["storageClassName", "volumeMode"]
        where claim["spec", field]?.string != volume["spec", field]?.string || claim["spec", field] == nil {
            findings.append(Finding(claim, "its \(field) is not its volume's"))
        }
        let modes = [claim, volume].map { ($0["spec", "accessModes"]?.items ?? []).compactMap(\.string) }
        if modes[0] != modes[1] || modes[0].isEmpty {
            findings.append(Finding(claim, "its modes are not its volume's"))
        }
        let reference = volume["spec", "claimRef"]
        if reference?["name"]?.string != claim.name || reference?["namespace"]?.string != claim.namespace {
            findings.append(Finding(volume, "its claimRef is not \(claim.title)"))
        }
        return findings
    }

    /// Every volume has a folder of its own below the data directory, named so that `*-data` finds it.
    func foldersOutside(_ dataDirectory: String) -> [Finding] {
        var owners: [String: Object] = [:]
        return all("PersistentVolume").compactMap { volume in
            let path = volume["spec", "hostPath", "path"]?.string ?? ""
            let name = path.dropFirst(dataDirectory.count + 1)
            guard path.hasPrefix(dataDirectory + "/"), !name.isEmpty, !name.contains("/") else {
                return Finding(volume, "'\(path)' is no folder in \(dataDirectory)")
            }
            if let other = owners.updateValue(volume, forKey: path) {
                return Finding(volume, "\(path) is \(other.title)'s")
            }
            return name.hasSuffix("-data") ? nil : Finding(volume, "\(name) does not end in -data")
        }
    }

    /// A folder of a host is on one host: a volume, and with it every pod that uses it, stays on `node`.
    func volumesThatMayMove(from node: String) -> [Finding] {
        all("PersistentVolume").filter { volume in
            let terms = volume["spec", "nodeAffinity", "required", "nodeSelectorTerms"]?.items ?? []
            // Terms are alternatives: each must hold it.
            return terms.isEmpty
                || !terms.allSatisfy { term in
                    (term["matchExpressions"]?.items ?? []).contains { expression in
                        expression["key"]?.string == "kubernetes.io/hostname" && expression["operator"]?.string == "In"
                            && expression["values"]?.items.compactMap(\.string) == [node]
                    }
                }
        }.map { Finding($0, "it may be mounted on a node other than \(node)") }
    }

    /// Every claim has one workload. Where `waived` names the claim, or all its workloads, it may have several.
    func sharedOrUnusedClaims(waived: Set<String>) -> [Finding] {
        let users = Dictionary(
            grouping: pods.flatMap { pod in Set(pod.claims).map { (claim: $0, pod: pod) } }, by: \.claim)
        return all("PersistentVolumeClaim").compactMap { claim in
            let titles = (users[claim.name] ?? []).map(\.pod.object.title).sorted()
            if titles.isEmpty { return Finding(claim, "nothing uses it") }
            if titles.count > 1, !waived.contains(claim.title), !waived.isSuperset(of: titles) {
                return Finding(claim, "\(titles.joined(separator: " and ")) share it")
            }
            return nil
        }
    }

    /// The first path at which a long-running container of a workload mounts the claim.
    func mountPath(of claim: String) -> String? {
        for pod in pods where pod.object.isLongRunning && pod.claims.contains(claim) {
            let volume = pod.volumes.first { $0["persistentVolumeClaim"]?["claimName"]?.string == claim }
            let name = volume?["name"]?.string ?? claim
            for container in pod.containers where !container.isInit {
                if let mount = container.mounts.first(where: { $0["name"]?.string == name }) {
                    return mount["mountPath"]?.string
                }
            }
        }
        return nil
    }
}
