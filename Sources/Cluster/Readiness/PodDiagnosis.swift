/// Why a pod isn't ready: the first of what its conditions, containers and events tell.
struct PodDiagnosis {
    let pod: JSON
    let surroundings: Surroundings

    private static let imageReasons: Set<String> = [
        "ErrImageNeverPull", "ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ImageInspectError",
        "RegistryUnavailable", "SignatureValidationFailed",
    ]
    private static let configurationReasons: Set<String> = [
        "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError",
        "ContainerCannotRun",
    ]
    private static let volumeEvents: Set<String> = ["FailedMount", "FailedAttachVolume", "FailedMapVolume"]

    /// The reason and what Kubernetes says about it, in one line.
    var result: (reason: Blocker.Reason, message: String) {
        if let scheduling { return scheduling }
        let prepared = pod["status"]["initContainerStatuses"].elements
        let main = pod["status"]["containerStatuses"].elements
        for (status, isInit) in prepared.map({ ($0, true) }) + main.map({ ($0, false) }) {
            if let fault = fault(of: status, isInit: isInit) { return fault }
        }
        if let event = event(Self.volumeEvents) { return (.volume, message(event)) }
        if let event = event(["FailedCreatePodSandBox"]) { return (.configuration, message(event)) }
        if let waiting = prepared.first(where: { !isThrough($0) }), main.allSatisfy({ !$0["ready"].isTrue }) {
            return (.initContainer, "\(name(waiting)) \(isRunning(waiting) ? "still runs" : "hasn't run yet")")
        }
        if let unready = main.first(where: { isRunning($0) && !$0["ready"].isTrue }) {
            guard let event = event(["Unhealthy"]) else { return (.probe, "\(name(unready)) runs and isn't ready yet") }
            return (.probe, "\(name(unready)): \(message(event))")
        }
        return (.progress, "the pod is \(pod["status"]["phase"].string ?? "not started")")
    }

    /// No node takes it: for want of room, or of a volume.
    private var scheduling: (Blocker.Reason, String)? {
        guard let scheduled = pod.condition("PodScheduled"), !scheduled.isTrue else { return nil }
        let message = scheduled.message ?? scheduled.reason ?? "no node takes it"
        let text = message.lowercased()
        let isVolume = ["persistentvolumeclaim", "persistent volume", "volume node affinity"].contains {
            text.contains($0)
        }
        guard isVolume else { return (.resources, message) }
        let unbound = claims.filter { name in
            !surroundings.claims.contains {
                $0["metadata"]["name"].string == name && $0["metadata"]["namespace"] == pod["metadata"]["namespace"]
                    && $0["status"]["phase"].string == "Bound"
            }
        }
        return (.volume, unbound.isEmpty ? message : "\(message) (not bound: \(unbound.joined(separator: ", ")))")
    }

    /// The claims that the pod mounts.
    private var claims: [String] {
        pod["spec"]["volumes"].elements.compactMap { $0["persistentVolumeClaim"]["claimName"].string }
    }

    private func fault(of status: JSON, isInit: Bool) -> (Blocker.Reason, String)? {
        let label = (isInit ? "init container " : "") + name(status)
        let waiting = status["state"]["waiting"]
        let reason = waiting["reason"].string ?? ""
        let told = waiting["message"].string.map { ": \($0)" } ?? ""
        if Self.imageReasons.contains(reason) {
            return (.image, "\(label) needs \(status["image"].string ?? "an image"): \(reason)\(told)")
        }
        if Self.configurationReasons.contains(reason) { return (.configuration, "\(label): \(reason)\(told)") }
        let now = status["state"]["terminated"]
        let last = status["lastState"]["terminated"]
        let ended = now["exitCode"].int.map { $0 != 0 } == true ? now : last
        let isBetweenRuns = reason == "CrashLoopBackOff" || now["exitCode"].int.map { $0 != 0 } == true
        guard isBetweenRuns else { return nil }
        var text = "\(label) ended"
        if let code = ended["exitCode"].int { text += " with exit code \(code)" }
        if let why = ended["reason"].string, why != "Error" { text += " (\(why))" }
        if let times = status["restartCount"].int, times > 0 { text += ", started again \(times) times" }
        if let words = ended["message"].string, !words.isEmpty { text += ": \(words)" }
        return (isInit ? .initContainer : .crash, text)
    }

    private func isRunning(_ status: JSON) -> Bool { !status["state"]["running"].members.isEmpty }

    private func isThrough(_ status: JSON) -> Bool {
        // A sidecar among the init containers goes on running, and is through once it has started.
        status["state"]["terminated"]["exitCode"].int == 0 || (isRunning(status) && status["started"].isTrue)
    }

    private func name(_ status: JSON) -> String { status["name"].string ?? "a container" }

    private func event(_ reasons: Set<String>) -> JSON? {
        surroundings.lastEvent(
            of: "Pod", pod["metadata"]["name"].string, in: pod["metadata"]["namespace"].string, reasons: reasons)
    }

    private func message(_ event: JSON) -> String {
        let text = (event["message"].string ?? "").split(whereSeparator: \.isNewline).joined(separator: " ")
        return String(text.prefix(500))
    }
}
