import Definition
import Testing

/// The rules that hold for every way to install the bundle; each has a test of its own that breaks it.
@Suite struct GraphTests {
    typealias Rule = @Sendable (RenderedPlatform, ObjectGraph) throws -> [Finding]

    static let rules: [(name: String, rule: Rule)] = [
        ("a Service has pods with its ports", { $1.servicesWithoutPods() }),
        ("a workload's selector chooses its pods", { $1.selectorsWithoutPods() }),
        ("a path leads to a Service's port", { $1.ingressesWithoutServices() }),
        ("Traefik knows what an Ingress names", { $1.ingressesThatTraefikRefuses() }),
        ("whatever an object names is there", { $1.missingReferences() }),
        ("mounts and volumes of a pod belong together", { $1.loosePodVolumes() }),
        ("files of the bundle are", { $1.unknownBundleFiles($0.definition.files.map(\.name)) }),
        ("a claim has its volume", { $1.volumesWithoutClaims() }),
        ("a volume has its folder", { $1.foldersOutside($0.values["dataDir"] ?? "") }),
        ("a claim has one workload", { $1.sharedOrUnusedClaims(waived: $0.waived(.sharedClaim)) }),
        ("a container is bounded", { $1.unboundedContainers() }),
        ("a container has the pull policy", { $1.pullPolicies(otherThan: $0.values["pullPolicy"] ?? "") }),
        ("a heap is below its limit", { $1.tooLargeHeaps() }),
        ("a container shows that it lives", { $1.unprobedContainers() }),
        ("a port of the node has one owner", { $1.collidingHostPorts() }),
        ("a pod is not there twice", { $1.workloadsThatMeetThemselves() }),
        ("an object is there once", { $1.repeatedObjects() }),
        ("there is one namespace", { $1.objectsOutside("infometis") }),
        ("names are well-formed", { $1.malformedNames() }),
        ("services leave no variables", { $1.serviceVariables() }),
        ("workloads are labelled", { $1.unlabelledObjects() }),
        ("checks end and have a layer", { $1.malformedChecks() }),
        ("a stage has all layers of checks", { $1.stagesWithoutLayers() }),
        ("scripts reach their shells", { $1.commandsThatKubernetesChanges() }),
    ]

    @Test(arguments: Variant.all) func everyRuleHolds(_ variant: Variant) throws {
        let platform = try variant.rendered()
        let graph = ObjectGraph(platform)
        #expect(!graph.pods.isEmpty && !graph.all("Ingress").isEmpty && !graph.all("PersistentVolumeClaim").isEmpty)
        for (name, rule) in Self.rules {
            let findings = try rule(platform, graph)
            #expect(findings == [], "\(name)")
        }
    }
}

extension RenderedPlatform {
    /// The objects and files for which the definition waives a rule of lint.
    func waived(_ rule: LintRule) -> Set<String> {
        Set(
            definition.waivers.compactMap { waiver in
                if case .lint(rule, let place) = waiver.subject { place } else { nil }
            })
    }
}
