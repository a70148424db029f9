internal import Processes

extension Kubectl {
    /// What a call prints as JSON, with the members of lists one by one.
    func objects(
        _ action: String, _ arguments: [String], input: [UInt8] = []
    ) async throws(ClusterError) -> [JSON] {
        let outcome = try await call(action, arguments, input: input, timeout: requestTimeout)
        guard let documents = JSON.documents(outcome.standardOutput) else {
            throw .unreadableAnswer(of: "\(name) \(arguments.first ?? "")")
        }
        return Self.flatten(documents)
    }

    /// Takes lists apart.
    static func flatten(_ documents: [JSON]) -> [JSON] {
        documents.flatMap { document in
            // A custom object may be called so, too; but it has a name.
            guard case .array(let items) = document["items"], document["kind"].string?.hasSuffix("List") == true,
                document["metadata"]["name"].string == nil
            else { return [document] }
            return flatten(items)
        }
    }

    /// Runs kubectl until its outcome is fine, it fails for good, or patience is over.
    func call(
        _ action: String, _ arguments: [String], input: [UInt8] = [], timeout: Duration,
        isFine: (ChildProcess.Outcome) -> Bool = \.succeeded
    ) async throws(ClusterError) -> ChildProcess.Outcome {
        let deadline = ContinuousClock.now + patience
        var wait = firstPause
        while true {
            var failure: ClusterError
            do throws(ClusterError) {
                // Longer than what kubectl itself is told, so that its own words are heard.
                let outcome = try await once(action, arguments, input: input, timeout: timeout + .seconds(30))
                if isFine(outcome) { return outcome }
                failure = .kubectl(action: action, status: outcome.status, lines: outcome.complaint(4))
                guard KubectlComplaint.isTransient(outcome.standardError) else { throw failure }
            } catch {
                guard case .process(_, .timedOut) = error else { throw error }
                failure = error
            }
            guard ContinuousClock.now + wait < deadline else { throw failure }
            try await pause(wait, action: action)
            wait = min(wait * 2, firstPause * 16)
        }
    }

    /// Runs kubectl once.
    func once(
        _ action: String, _ arguments: [String], input: [UInt8] = [], timeout: Duration
    ) async throws(ClusterError) -> ChildProcess.Outcome {
        let isBounded = arguments.first != "delete"
        let bound = isBounded ? ["--request-timeout=\(max(1, requestTimeout.components.seconds))s"] : []
        let cache = cacheFolder.map { ["--cache-dir=\($0)"] } ?? []
        return try await runProgram(
            action, program, prefix + arguments + bound + cache, input: input, timeout: timeout)
    }
}

/// When an event was last seen; the API's times sort as text.
struct EventTime: Comparable {
    let text: String

    init(_ event: JSON) {
        let times = [event["lastTimestamp"], event["series"]["lastObservedTime"], event["eventTime"]]
        text =
            times.compactMap(\.string).first ?? event["metadata"]["creationTimestamp"].string ?? ""
    }

    static func < (left: EventTime, right: EventTime) -> Bool { left.text < right.text }
}
