import BundleFormat
import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage
import Testing

private let mebi: Int64 = 1 << 20

@Suite struct RequirementsCountTests {
    private func counted(_ manifest: String) throws -> Requirements { try discovered(manifest).requirements }

    private func container(_ resources: String, _ more: String = "") -> String {
        "{name: c, image: \"a:1\", resources: {\(resources)}\(more)}"
    }

    private func workload(_ kind: String, _ pod: String, spec: String = "") -> String {
        "kind: \(kind)\nmetadata: {name: w}\nspec: {\(spec)template: {spec: {\(pod)}}}\n---\n"
    }

    @Test func requestsAreAddedUpTimesReplicas() throws {
        let pod = "containers: [\(container("requests: {cpu: 250m, memory: 64Mi}, limits: {cpu: 1, memory: 100Mi}"))]"
        let found = try counted(
            workload("Deployment", pod, spec: "replicas: 3, ") + workload("DaemonSet", pod, spec: "replicas: 9, ")
                + workload("Job", pod, spec: "parallelism: 2, ") + workload("StatefulSet", pod, spec: "replicas: 0, "))
        #expect(found.cpuMillis == 6 * 250)
        #expect(found.memoryBytes == 6 * 64 * mebi)
        #expect(found.memoryLimitBytes == 6 * 100 * mebi)
    }

    @Test func aLimitWithoutARequestIsARequest() throws {
        let found = try counted(workload("Deployment", "containers: [\(container("limits: {cpu: 2, memory: 1Gi}"))]"))
        #expect(found.cpuMillis == 2000)
        #expect(found.memoryBytes == 1024 * mebi)
    }

    @Test func initContainersRunOneAfterTheOtherAndSidecarsStay() throws {
        let big = container("requests: {memory: 500Mi, cpu: 100m}")
        let small = container("requests: {memory: 100Mi, cpu: 200m}")
        let sidecar = container("requests: {memory: 50Mi, cpu: 50m}", ", restartPolicy: Always")
        func found(_ first: String) throws -> [Int64] {
            let found = try counted(
                workload("Deployment", "initContainers: [\(first)], containers: [\(small), \(small)]"))
            return [found.memoryBytes / mebi, found.cpuMillis]
        }
        #expect(try found(big) == [500, 400])
        #expect(try found("\(big), \(big)") == [500, 400])
        #expect(try found("\(sidecar), \(big)") == [550, 450])
        #expect(try found("\(big), \(sidecar)") == [500, 450])
    }

    @Test func amountsOfTheWholePodAndItsOverheadCount() throws {
        let found = try counted(
            workload(
                "Deployment",
                "containers: [\(container("requests: {memory: 1Mi}"))], resources: {requests: {memory: 9Mi}}, "
                    + "overhead: {memory: 1Mi, cpu: 10m}"))
        #expect(found.memoryBytes == 10 * mebi)
        #expect(found.cpuMillis == 10)
    }

    @Test func cronJobsAndBarePodsCount() throws {
        let pod = "containers: [\(container("requests: {cpu: 1}"))]"
        let found = try counted(
            "kind: Pod\nmetadata: {name: p}\nspec: {\(pod)}\n---\n"
                + "kind: CronJob\nmetadata: {name: p}\nspec: {jobTemplate: {spec: {parallelism: 2, "
                + "template: {spec: {\(pod)}}}}}\n"
        )
        #expect(found.cpuMillis == 3000)
    }

    @Test func portsOfTheHostAreNamedWithTheirOwner() throws {
        let ports = ", ports: [{containerPort: 80}, {containerPort: 53, hostPort: 5353, protocol: UDP}]"
        let found = try counted(
            workload("Deployment", "containers: [\(container("", ports))]")
                + workload(
                    "DaemonSet",
                    "hostNetwork: true, containers: [\(container("", ", ports: [{containerPort: 9100}]"))]")
                + "kind: Service\nmetadata: {name: s}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}\n")
        #expect(
            found.hostPorts.map { "\($0.port)/\($0.protocol) \($0.owner)" } == [
                "5353/UDP Deployment/w", "9100/TCP DaemonSet/w", "30080/TCP Service/s",
            ])
    }

    private let volume = """
        kind: PersistentVolume
        metadata: {name: data}
        spec: {storageClassName: manual, capacity: {storage: 5Gi}, hostPath: {path: /tmp/data}}
        ---
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {storageClassName: manual, resources: {requests: {storage: 5Gi}}}
        ---

        """

    @Test func volumesCountOnceClaimsOnlyWhereNoVolumeServesThem() throws {
        #expect(try counted(volume).volumeBytes == 5 << 30)
        let dynamic =
            "kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {resources: {requests: {storage: 1Gi}}}\n"
        #expect(try counted(dynamic).volumeBytes == 1 << 30)
        #expect(try counted(volume + dynamic).volumeBytes == 6 << 30)
        let templates = workload(
            "StatefulSet", "containers: [\(container(""))]",
            spec: "replicas: 2, volumeClaimTemplates: [{spec: {resources: {requests: {storage: 1Gi}}}}], ")
        #expect(try counted(templates).volumeBytes == 2 << 30)
    }

    @Test func pathsOfTheHostAreNamedWithTheirOwnerAndSize() throws {
        let mounting = workload(
            "Deployment", "containers: [\(container(""))], volumes: [{name: v, hostPath: {path: /tmp/x}}]")
        #expect(
            try counted(volume + mounting).hostPaths == [
                .init(path: "/tmp/data", owner: "PersistentVolume/data", bytes: 5 << 30),
                .init(path: "/tmp/x", owner: "Deployment/w"),
            ])
    }

    @Test func anAmountThatIsNoneIsAnErrorThatNamesItsPlace() throws {
        let manifest =
            "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
            + "  - {name: c, image: \"a:1\", resources: {requests: {memory: lots}}}\n"
        let error = #expect(throws: DefinitionError.self) { try counted(manifest) }
        #expect(
            error?.description.hasSuffix(
                "m.yml:5: Pod/p spec.containers[0].resources.requests.memory can't be 'lots': "
                    + "a Kubernetes quantity is wanted, as in 500m, 1.5 or 2Gi") == true)
        #expect(throws: DefinitionError.self) { try counted(manifest.replacing("lots", with: "-1")) }
    }

    @Test func whatAnOperatorReadsIsNotJudged() throws {
        let found = try counted(
            workload("Widget", "containers: [\(container("requests: {memory: lots, cpu: 1}"))]", spec: "replicas: 2, "))
        #expect(found.memoryBytes == 0)
        #expect(found.cpuMillis == 2000)
    }

    @Test func sumsStayNumbers() throws {
        let pod = "containers: [\(container("requests: {cpu: 1E, memory: 8Ei}"))]"
        let found = try counted(workload("Deployment", pod, spec: "replicas: 9223372036854775807, "))
        #expect(found.memoryBytes == .max)
        #expect(found.cpuMillis == .max)
    }

    /// The ports and folders that the platform's manifests take are those that preflight must look at.
    @Test func infometisAsksForItsPortsAndFolders() throws {
        let definition = try BundleDefinition(at: repositoryRoot.appending("bundles").appending("infometis"))
        let found = try discover(in: definition, values: definition.values()).requirements
        #expect(Set(found.hostPorts.map(\.port)).isSuperset(of: [80, 443, 8082, 8083, 9100]))
        #expect(
            found.hostPaths.contains(
                .init(path: "/tmp/kafka-data", owner: "PersistentVolume/infometis-kafka-data", bytes: 10 << 30)))
        #expect(found.memoryBytes > 1 << 30)
        #expect(found.memoryLimitBytes > found.memoryBytes)
        #expect(found.cpuMillis > 1000)
    }
}
