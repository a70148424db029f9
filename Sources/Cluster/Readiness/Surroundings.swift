/// What is around objects that aren't ready: where to look for the reason.
struct Surroundings: Sendable {
    var pods: [JSON] = []
    /// Warnings, oldest first.
    var events: [JSON] = []
    var claims: [JSON] = []
    var storageClasses: [JSON] = []

    /// What keeps `object` from being ready; at least one blocker, whose message is `state` when nothing is known.
    func blockers(of object: JSON, state: String) -> [Blocker] {
        guard let reference = ObjectReference(object) else { return [] }
        if reference.kind == "PersistentVolumeClaim" {
            let event = lastEvent(of: "PersistentVolumeClaim", reference.name, in: reference.namespace)
            let message = [state, event?["message"].string].compactMap(\.self).joined(separator: ": ")
            return [Blocker(object: reference, reason: .volume, message: message)]
        }
        let pods = pods(of: object, reference)
        let found = pods.compactMap { pod -> Blocker? in
            guard case .waiting = ObjectState(of: pod), let name = pod["metadata"]["name"].string else {
                return failedPod(pod, of: reference)
            }
            let (reason, message) = PodDiagnosis(pod: pod, surroundings: self).result
            return Blocker(object: reference, pod: name, reason: reason, message: message)
        }
        if !found.isEmpty { return found }
        // Pods that a quota or a policy refuses leave only an event of what should have made them.
        let refused = events.last { event in
            let name = event["involvedObject"]["name"].string ?? ""
            return event["reason"].string == "FailedCreate" && isNamespace(event, reference.namespace)
                && (name == reference.name || name.hasPrefix(reference.name + "-"))
        }
        if let message = refused?["message"].string {
            return [Blocker(object: reference, reason: .resources, message: message)]
        }
        return [Blocker(object: reference, reason: .progress, message: state)]
    }

    /// A pod that ended badly and that its owner replaces.
    private func failedPod(_ pod: JSON, of reference: ObjectReference) -> Blocker? {
        guard case .failed(let message) = ObjectState(of: pod), let name = pod["metadata"]["name"].string else {
            return nil
        }
        let (reason, diagnosis) = PodDiagnosis(pod: pod, surroundings: self).result
        return Blocker(
            object: reference, pod: name, reason: reason == .progress ? .crash : reason,
            message: reason == .progress ? message : diagnosis)
    }

    /// The pods of a workload: by owner where they have one, else by the labels of its template.
    private func pods(of object: JSON, _ reference: ObjectReference) -> [JSON] {
        let own = pods.filter { $0["metadata"]["namespace"].string == reference.namespace }
        if reference.kind == "Pod" { return own.filter { $0["metadata"]["name"].string == reference.name } }
        let identifier = object["metadata"]["uid"].string
        let labels = object["spec"]["template"]["metadata"]["labels"].members
        return own.filter { pod in
            let owners = pod["metadata"]["ownerReferences"].elements
            guard owners.isEmpty else {
                return owners.contains { owner in
                    let name = owner["name"].string ?? ""
                    guard reference.kind == "Deployment" else {
                        // A Job that was deleted may have left pods to one of the same name.
                        let isOlder = identifier != nil && owner["uid"].string.map { $0 != identifier } == true
                        return owner["kind"].string == reference.kind && name == reference.name && !isOlder
                    }
                    // The ReplicaSet between them is called after the Deployment and the template's hash.
                    guard let end = name.lastIndex(of: "-") else { return false }
                    return owner["kind"].string == "ReplicaSet" && name[..<end] == reference.name
                }
            }
            let podLabels = pod["metadata"]["labels"].members
            return !labels.isEmpty && labels.allSatisfy { podLabels[$0.key] == $0.value }
        }
    }

    /// Whether a claim that isn't bound only waits for its first pod, and no pod wants it: its class says so.
    func isUnusedAndLate(_ claim: JSON) -> Bool {
        guard claim["status"]["phase"].string == "Pending", let name = claim["metadata"]["name"].string else {
            return false
        }
        let storageClass = storageClasses.first { candidate in
            if let wanted = claim["spec"]["storageClassName"].string {
                return candidate["metadata"]["name"].string == wanted
            }
            let marks = candidate["metadata"]["annotations"].members
            return marks["storageclass.kubernetes.io/is-default-class"]?.string == "true"
        }
        guard storageClass?["volumeBindingMode"].string == "WaitForFirstConsumer" else { return false }
        return !pods.contains { pod in
            pod["metadata"]["namespace"] == claim["metadata"]["namespace"]
                && pod["spec"]["volumes"].elements.contains {
                    $0["persistentVolumeClaim"]["claimName"].string == name
                }
        }
    }

    /// The last warning about an object, optionally of one of `reasons`.
    func lastEvent(
        of kind: String, _ name: String?, in namespace: String?, reasons: Set<String>? = nil
    ) -> JSON? {
        events.last { event in
            let involved = event["involvedObject"]
            return involved["kind"].string == kind && involved["name"].string == name
                && isNamespace(event, namespace)
                && (reasons == nil || event["reason"].string.map { reasons?.contains($0) == true } == true)
        }
    }

    private func isNamespace(_ event: JSON, _ namespace: String?) -> Bool {
        event["involvedObject"]["namespace"].string ?? "default" == namespace ?? "default"
    }
}
