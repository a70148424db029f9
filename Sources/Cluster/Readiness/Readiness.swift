/// Waits until objects are ready, and tells what keeps them from it.
package struct Readiness: Sendable {
    let kubectl: Kubectl
    /// The pause between two looks.
    let interval: Duration

    /// Asks `kubectl` every `interval`.
    package init(_ kubectl: Kubectl, interval: Duration = .seconds(2)) {
        self.kubectl = kubectl
        self.interval = interval
    }

    /// Waits until all of `references` are ready.
    ///
    /// Each look calls `report` with what blocks, sorted; the same twice in a row is reported twice. Throws at once
    /// when a Job has failed for good, and when the time is over with the blockers of the last look.
    package func wait(
        for references: [ObjectReference], timeout: Duration, report: ([Blocker]) -> Void = { _ in }
    ) async throws(ClusterError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let blockers = try await blockers(of: references)
            report(blockers)
            if blockers.isEmpty { return }
            let left = deadline - ContinuousClock.now
            guard left > .zero else {
                throw .notReady(after: timeout, try await withLastWords(blockers))
            }
            try await pause(min(interval, left), action: "wait until everything is ready")
        }
    }

    /// Looks once: what keeps `references` from being ready, sorted; empty where all are.
    package func blockers(of references: [ObjectReference]) async throws(ClusterError) -> [Blocker] {
        let objects = try await kubectl.get(references)
        let present = objects.compactMap(ObjectReference.init)
        var blockers = references.filter { wanted in !present.contains { $0.isSame(as: wanted) } }.map {
            Blocker(object: $0, reason: .missing, message: "it isn't there")
        }
        var waiting: [(object: JSON, state: String)] = []
        for object in objects {
            switch ObjectState(of: object) {
            case .ready: break
            case .waiting(let state): waiting.append((object, state))
            case .failed(let reason):
                guard let reference = ObjectReference(object) else { break }
                throw .objectFailed(reference, reason: reason)
            }
        }
        for namespace in Set(waiting.compactMap { ObjectReference($0.object)?.namespace }).sorted() {
            let surroundings = try await surroundings(of: namespace)
            for (object, state) in waiting where ObjectReference(object)?.namespace == namespace {
                if object["kind"].string == "PersistentVolumeClaim", surroundings.isUnusedAndLate(object) { continue }
                blockers += surroundings.blockers(of: object, state: state)
            }
        }
        for (object, state) in waiting {
            guard let reference = ObjectReference(object), reference.namespace == nil else { continue }
            blockers.append(Blocker(object: reference, reason: .progress, message: state))
        }
        return blockers.sorted { $0.description < $1.description }
    }

    private func surroundings(of namespace: String) async throws(ClusterError) -> Surroundings {
        var around = Surroundings()
        for object in try await kubectl.list("pods,events,persistentvolumeclaims", namespace: namespace) {
            switch object["kind"].string {
            case "Pod": around.pods.append(object)
            case "Event" where object["type"].string != "Normal": around.events.append(object)
            case "PersistentVolumeClaim": around.claims.append(object)
            default: break
            }
        }
        around.events.sort { EventTime($0) < EventTime($1) }
        if around.claims.contains(where: { $0["status"]["phase"].string == "Pending" }) {
            around.storageClasses = try await kubectl.list("storageclasses", namespace: nil)
        }
        return around
    }

    /// With the last line that crashing containers wrote, for the few that are first.
    private func withLastWords(_ blockers: [Blocker]) async throws(ClusterError) -> [Blocker] {
        var result = blockers
        let crashing = blockers.indices.filter { [.crash, .initContainer].contains(blockers[$0].reason) }
        for index in crashing.prefix(5) {
            guard let pod = blockers[index].pod, let namespace = blockers[index].object.namespace,
                let line = await lastWords(of: pod, in: namespace)
            else { continue }
            result[index].message += "; its last words: \(line)"
        }
        return result
    }

    private func lastWords(of pod: String, in namespace: String) async -> String? {
        var hasty = kubectl
        hasty.patience = .zero
        for previous in [true, false] {
            // A container that never ran before has no previous log; not even this one is worth failing for.
            let lines = try? await hasty.logs(pod: pod, namespace: namespace, previous: previous, lines: 5)
            if let line = lines?.last { return line }
        }
        return nil
    }
}
