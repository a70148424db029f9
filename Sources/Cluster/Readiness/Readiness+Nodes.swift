extension Readiness {
    /// Waits until a node is ready: the one of that name, or, with `nil`, any.
    ///
    /// Each look calls `progress` with why it isn't.
    package func waitForNodeReady(
        _ name: String? = nil, timeout: Duration, progress: (String) -> Void = { _ in }
    ) async throws(ClusterError) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let nodes = try await kubectl.list("nodes", namespace: nil)
            guard let reason = Self.whyNotReady(nodes, name) else { return }
            progress(reason)
            let left = deadline - ContinuousClock.now
            guard left > .zero else {
                throw .nodeNotReady(after: timeout, reason: reason)
            }
            try await pause(min(interval, left), action: "wait for the node")
        }
    }

    /// Why no node (of that name) is ready; `nil`: one is.
    static func whyNotReady(_ nodes: [JSON], _ name: String?) -> String? {
        let candidates = nodes.filter { name == nil || $0["metadata"]["name"].string == name }
        if candidates.contains(where: { $0.condition("Ready")?.isTrue == true }) { return nil }
        guard let node = candidates.first else { return "no node \(name.map { "\($0) " } ?? "")has joined yet" }
        let condition = node.condition("Ready")
        let words = [condition?.reason, condition?.message].compactMap(\.self).joined(separator: ": ")
        return "\(node["metadata"]["name"].string ?? "the node"): \(words.isEmpty ? "not ready" : words)"
    }
}
