/// Whether an object is what its manifest wants it to be, going by what the API prints.
package enum ObjectState: Hashable, Sendable {
    case ready
    case waiting(String)
    /// It never will be.
    case failed(String)

    /// Decides for one object; what has no state of its own is ready by being there.
    package init(of object: JSON) {
        let group = ObjectReference(object)?.group ?? ""
        let status = object["status"]
        if object["metadata"]["deletionTimestamp"].string != nil {
            self = .waiting("it is being deleted")
            return
        }
        self =
            switch (group, object["kind"].string ?? "") {
            case ("apps", "Deployment"): Self.deployment(object)
            case ("apps", "StatefulSet"): Self.statefulSet(object)
            case ("apps", "DaemonSet"): Self.daemonSet(object)
            case ("apps", "ReplicaSet"), ("", "ReplicationController"): Self.replicaSet(object)
            case ("batch", "Job"): Self.job(object)
            case ("", "Pod"): Self.pod(object)
            case ("", "PersistentVolumeClaim"):
                status["phase"].string == "Bound"
                    ? .ready : .waiting("the claim is \(status["phase"].string ?? "not bound")")
            case ("", "Namespace"):
                status["phase"].string == "Active" ? .ready : .waiting("it isn't active")
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                object.condition("Established")?.isTrue == true ? .ready : .waiting("it isn't established")
            case ("apiregistration.k8s.io", "APIService"):
                object.condition("Available")?.isTrue == true
                    ? .ready : .waiting(object.condition("Available")?.message ?? "it isn't available")
            default: .ready
            }
    }

    /// What is observed is older than what is wanted: no figure counts.
    private static func isStale(_ object: JSON) -> Bool {
        guard let generation = object["metadata"]["generation"].int else { return false }
        return (object["status"]["observedGeneration"].int ?? 0) < generation
    }

    private static func deployment(_ object: JSON) -> ObjectState {
        if isStale(object) { return .waiting("its change hasn't been seen yet") }
        let status = object["status"]
        let wanted = object["spec"]["replicas"].count ?? 1
        let updated = status["updatedReplicas"].count ?? 0
        let available = status["availableReplicas"].count ?? 0
        let total = status["replicas"].count ?? 0
        if let progressing = object.condition("Progressing"), progressing.reason == "ProgressDeadlineExceeded" {
            // It goes on trying, so it is still waited for.
            return .waiting("\(available) of \(wanted) pods are available; no progress for too long")
        }
        if let failure = object.condition("ReplicaFailure"), failure.isTrue, updated < wanted {
            return .waiting(failure.message ?? "its pods can't be created")
        }
        if updated < wanted { return .waiting("\(updated) of \(wanted) pods are up to date") }
        if total > updated { return .waiting("\(total - updated) old pods are still there") }
        if available < wanted { return .waiting("\(available) of \(wanted) pods are available") }
        return .ready
    }

    private static func statefulSet(_ object: JSON) -> ObjectState {
        if isStale(object) { return .waiting("its change hasn't been seen yet") }
        let status = object["status"]
        let wanted = object["spec"]["replicas"].count ?? 1
        let ready = status["readyReplicas"].count ?? 0
        if ready < wanted { return .waiting("\(ready) of \(wanted) pods are ready") }
        let strategy = object["spec"]["updateStrategy"]
        guard strategy["type"].string != "OnDelete" else { return .ready }
        let updated = status["updatedReplicas"].count ?? 0
        // Pods below the partition keep the old revision on purpose.
        let toUpdate = max(0, wanted - (strategy["rollingUpdate"]["partition"].count ?? 0))
        return updated < toUpdate ? .waiting("\(updated) of \(toUpdate) pods are up to date") : .ready
    }

    private static func daemonSet(_ object: JSON) -> ObjectState {
        if isStale(object) { return .waiting("its change hasn't been seen yet") }
        let status = object["status"]
        let wanted = status["desiredNumberScheduled"].count ?? 0
        let updated = status["updatedNumberScheduled"].count ?? 0
        let available = status["numberAvailable"].count ?? 0
        if object["spec"]["updateStrategy"]["type"].string != "OnDelete", updated < wanted {
            return .waiting("\(updated) of \(wanted) pods are up to date")
        }
        return available < wanted ? .waiting("\(available) of \(wanted) pods are available") : .ready
    }

    private static func replicaSet(_ object: JSON) -> ObjectState {
        if isStale(object) { return .waiting("its change hasn't been seen yet") }
        let wanted = object["spec"]["replicas"].count ?? 1
        let ready = object["status"]["readyReplicas"].count ?? 0
        return ready < wanted ? .waiting("\(ready) of \(wanted) pods are ready") : .ready
    }

    private static func job(_ object: JSON) -> ObjectState {
        if let failed = object.condition("Failed"), failed.isTrue {
            return .failed([failed.reason, failed.message].compactMap(\.self).joined(separator: ": "))
        }
        if object.condition("Complete")?.isTrue == true { return .ready }
        if object["spec"]["suspend"].isTrue { return .waiting("it is suspended") }
        let failures = object["status"]["failed"].count ?? 0
        return .waiting(failures == 0 ? "it hasn't completed" : "it hasn't completed; \(failures) tries failed")
    }

    private static func pod(_ object: JSON) -> ObjectState {
        switch object["status"]["phase"].string {
        case "Succeeded": .ready
        case "Failed": .failed(object["status"]["message"].string ?? object["status"]["reason"].string ?? "it failed")
        case let phase:
            object.condition("Ready")?.isTrue == true ? .ready : .waiting("the pod is \(phase ?? "not started")")
        }
    }
}

/// One of the conditions in an object's status.
struct Condition {
    let isTrue: Bool
    let reason: String?
    let message: String?
}

extension JSON {
    /// The condition of this type, if the object has it.
    func condition(_ type: String) -> Condition? {
        self["status"]["conditions"].elements.first { $0["type"].string == type }.map {
            Condition(
                isTrue: $0["status"].string == "True", reason: $0["reason"].string, message: $0["message"].string)
        }
    }
}
