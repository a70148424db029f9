internal import BundleFormat
internal import Cluster

/// Runs every check of a platform: whether its resources are valid and ready, then its Jobs, layer by layer.
struct PlatformCheck: Sendable {
    private let stages: [BundleDescription.Stage]
    private let text: @Sendable (_ title: String) throws -> String
    private let kubectl: Kubectl
    private let objects: [InstalledRecord.StageObjects]

    init(_ context: InstallContext) {
        self.init(
            context.bundle.description.stages, kubectl: context.kubectl, objects: context.record.current.objects,
            text: { try context.text($0) })
    }

    /// `text` gives manifests and checks as they are applied, by title.
    init(
        _ stages: [BundleDescription.Stage], kubectl: Kubectl, objects: [InstalledRecord.StageObjects],
        text: @escaping @Sendable (_ title: String) throws -> String
    ) {
        self.stages = stages
        self.kubectl = kubectl
        self.objects = objects
        self.text = text
    }

    /// The first layer: the API server would take every manifest, and every object is there and ready.
    func resources() async throws -> [CheckResult] {
        var results: [CheckResult] = []
        for stage in stages {
            let texts = try stage.manifests.map(text).joined(separator: "\n---\n")
            results.append(
                await result("valid-\(stage.name)") { () async throws(ClusterError) in
                    _ = try await kubectl.apply(Array(texts.utf8), dryRun: .server)
                    return nil
                })
            let references = objects.first { $0.stage == stage.name }?.objects ?? []
            results.append(
                await result("ready-\(stage.name)") { () async throws(ClusterError) in
                    let blockers = try await Readiness(kubectl).blockers(of: references)
                    return blockers.isEmpty ? nil : blockers.map(\.description).joined(separator: "; ")
                })
            try Task.checkCancellation()
        }
        return results
    }

    /// The other layers: the bundle's Jobs, those of all stages that look at connectivity first.
    func jobs(report: (CheckResult) -> Void) async throws {
        let check = JobCheck(kubectl)
        var readings: [(reading: JobCheck.Reading, timeout: Duration)] = []
        for stage in stages {
            for title in stage.checks {
                let reading = try await check.read(Array(try text(title).utf8), name: title)
                readings.append((reading, .seconds(stage.readyTimeout)))
            }
        }
        for layer in JobCheck.Layer.allCases {
            for (reading, timeout) in readings where reading.layer == layer {
                for job in try await check.run(reading, timeout: timeout) {
                    report(
                        CheckResult(
                            name: job.name, layer: job.layer.rawValue, passed: job.passed,
                            detail: job.passed ? nil : job.lastLogLines.joined(separator: "; ")))
                }
            }
        }
    }

    private func result(
        _ name: String, _ fault: () async throws(ClusterError) -> String?
    ) async -> CheckResult {
        do throws(ClusterError) {
            let fault = try await fault()
            return CheckResult(name: name, layer: CheckResult.resources, passed: fault == nil, detail: fault)
        } catch {
            return CheckResult(name: name, layer: CheckResult.resources, passed: false, detail: "\(error)")
        }
    }
}

/// What came of one check.
package struct CheckResult: Hashable, Sendable, Codable {
    /// The layer of the checks that need no Job.
    package static let resources = "resources"

    package var name: String
    /// `resources`, `connectivity`, `function` or `integration`.
    package var layer: String
    package var passed: Bool
    /// Why it failed.
    package var detail: String?
}
