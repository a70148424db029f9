/// Runs checks: manifests whose Jobs must complete.
package struct JobCheck: Sendable {
    /// What a check looks at; a later layer is of little use where an earlier one fails.
    package enum Layer: String, CaseIterable, Sendable {
        case connectivity
        case function
        case integration
    }

    /// A check that was read; nothing of it is applied.
    package struct Reading: Sendable {
        let manifest: [UInt8]
        /// At least one.
        let jobs: [(reference: ObjectReference, layer: Layer)]

        /// The layer of its first Job.
        package var layer: Layer { jobs.first?.layer ?? .function }
    }

    /// What came of one Job.
    package struct Result: Sendable {
        /// The Job's name.
        package var name: String
        package var layer: Layer
        package var passed: Bool
        /// From when it was applied until it was seen to be done.
        package var duration: Duration
        /// What it said last, or what kept it from running; empty when it passed.
        package var lastLogLines: [String]
    }

    /// The annotation that names a Job's layer; without it, it is ``Layer/function``.
    package static let layerAnnotation = "sealift/layer"

    let kubectl: Kubectl
    let readiness: Readiness

    /// Looks at the Jobs every `interval`.
    package init(_ kubectl: Kubectl, interval: Duration = .seconds(2)) {
        self.kubectl = kubectl
        readiness = Readiness(kubectl, interval: interval)
    }

    /// Reads the check in `manifest`, called `name` in errors.
    package func read(_ manifest: [UInt8], name: String) async throws(ClusterError) -> Reading {
        let jobs = try await kubectl.read(manifest).filter(Self.isJob).compactMap { job in
            ObjectReference(job).map { (reference: $0, layer: Self.layer(of: job)) }
        }
        guard !jobs.isEmpty else { throw .noJob(check: name) }
        return Reading(manifest: manifest, jobs: jobs)
    }

    /// Runs the check in `manifest`, called `name` in errors; see ``run(_:timeout:)``.
    package func run(
        _ manifest: [UInt8], name: String, timeout: Duration
    ) async throws(ClusterError) -> [Result] {
        try await run(try await read(manifest, name: name), timeout: timeout)
    }

    /// Runs a check; one result for each of its Jobs, in their order.
    ///
    /// Jobs that are there from before are deleted first. One that passed is deleted, one that failed stays, to be
    /// looked at. Each has `timeout`. A Job that fails is a result; only what keeps it from being tried is an error.
    package func run(_ check: Reading, timeout: Duration) async throws(ClusterError) -> [Result] {
        let earlier = check.jobs.map(\.reference)
        // A Job's template can't be changed, and one that has completed would pass without running.
        try await kubectl.delete(earlier, wait: .seconds(120))
        let applied = try await kubectl.apply(check.manifest).filter { job in earlier.contains { $0.isSame(as: job) } }
        let start = ContinuousClock.now
        var results: [Result] = []
        for job in applied {
            let layer = check.jobs.first { $0.reference.isSame(as: job) }?.layer ?? .function
            results.append(try await wait(for: job, layer, since: start, timeout: timeout))
        }
        return results
    }

    /// Which layer a Job belongs to.
    static func layer(of job: JSON) -> Layer {
        job["metadata"]["annotations"][layerAnnotation].string.flatMap(Layer.init) ?? .function
    }

    private static func isJob(_ object: JSON) -> Bool {
        object["kind"].string == "Job" && ObjectReference(object)?.group == "batch"
    }

    private func wait(
        for job: ObjectReference, _ layer: Layer, since start: ContinuousClock.Instant, timeout: Duration
    ) async throws(ClusterError) -> Result {
        var reasons: [String] = []
        do throws(ClusterError) {
            try await readiness.wait(for: [job], timeout: timeout)
        } catch .objectFailed(_, let reason) {
            reasons = [reason]
        } catch .notReady(_, let blockers) {
            reasons = ["not done after \(timeout)"] + blockers.map(\.description)
        }
        let duration = ContinuousClock.now - start
        if reasons.isEmpty {
            try await kubectl.delete([job], wait: nil)
            return Result(name: job.name, layer: layer, passed: true, duration: duration, lastLogLines: [])
        }
        var lines: [String] = []
        do throws(ClusterError) {
            lines = try await kubectl.logs(job: job, lines: 20)
        } catch .cancelled(let action) {
            throw .cancelled(action: action)
        } catch {
            // A pod that never started has no log; why it didn't is among the reasons.
        }
        return Result(name: job.name, layer: layer, passed: false, duration: duration, lastLogLines: reasons + lines)
    }
}
