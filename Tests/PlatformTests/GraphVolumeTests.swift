import BundleFormat
import Testing
import Yams

@Suite struct GraphVolumeTests {
    /// The documented volumes, and after them those of components that the documents name without figures.
    static let volumes: [(claim: String, size: String, path: String)] = [
        ("nifi-content", "5Gi", "/opt/nifi/nifi-current/content_repository"),
        ("nifi-database", "1Gi", "/opt/nifi/nifi-current/database_repository"),
        ("nifi-flowfile", "2Gi", "/opt/nifi/nifi-current/flowfile_repository"),
        ("nifi-provenance", "3Gi", "/opt/nifi/nifi-current/provenance_repository"),
        ("kafka-data", "10Gi", "/var/lib/kafka/data"),
        ("elasticsearch-data", "10Gi", "/usr/share/elasticsearch/data"),
        ("grafana-data", "5Gi", "/var/lib/grafana"),
        ("prometheus-data", "10Gi", "/prometheus"),
        ("alertmanager-data", "2Gi", "/alertmanager"),
    ]
    /// Derived: their sizes are ours, and they are mounted in several places.
    static let derived = ["nifi-registry-data": "5Gi", "nifi-conf": "1Gi", "flink-checkpoints": "2Gi"]

    @Test(arguments: [Variant(), Variant("small"), Variant(nil, ["reclaimPolicy": "Retain"])])
    func aVolumeIsTreatedAsChosen(_ variant: Variant) throws {
        let platform = try variant.rendered()
        for volume in ObjectGraph(platform).all("PersistentVolume") {
            #expect(volume["spec", "persistentVolumeReclaimPolicy"]?.string == platform.values["reclaimPolicy"])
        }
    }

    @Test func thereAreTheDocumentedVolumesAndFewMore() throws {
        let graph = try Variant().graph()
        for volume in Self.volumes {
            #expect(graph.mountPath(of: volume.claim) == volume.path, "\(volume.claim)")
        }
        let sizes = graph.all("PersistentVolumeClaim").map {
            [$0.name, $0["spec", "resources", "requests", "storage"]?.string ?? ""]
        }
        let wanted = Self.volumes.map { [$0.claim, $0.size] } + Self.derived.map { [$0.key, $0.value] }
        #expect(Set(sizes) == Set(wanted))
        #expect(graph.all("PersistentVolumeClaim").allSatisfy { graph.mountPath(of: $0.name) != nil })
    }

    /// Nothing but its own settings keeps Prometheus from filling more than its share of the disk.
    @Test(arguments: [nil, "small"]) func prometheusStopsBeforeItsVolumeIsFull(_ profile: String?) throws {
        let graph = try Variant(profile).graph()
        let size = try #require(graph.values(of: "--storage.tsdb.retention.size", of: "prometheus").first)
        let volume = try #require(graph.object("PersistentVolumeClaim", "prometheus-data"))
        let room = try #require(volume["spec", "resources", "requests", "storage"]?.quantity?.value)
        #expect(try #require(ObjectGraph.bytes(jvm: size)) <= room * 9 / 10)
    }

    private func pair(claim: String = "", volume: String = "", path: String = "/d/a-data") -> String {
        """
        kind: PersistentVolume
        metadata: {name: v}
        spec:
          storageClassName: s
          volumeMode: Filesystem
          accessModes: [ReadWriteOnce]
          capacity: {storage: 1Gi}
          hostPath: {path: \(path)}
          claimRef: {namespace: n, name: c}
          \(volume)
        ---
        kind: PersistentVolumeClaim
        metadata: {name: c, namespace: n}
        spec:
          volumeName: v
          storageClassName: s
          volumeMode: Filesystem
          accessModes: [ReadWriteOnce]
          resources: {requests: {storage: 1Gi}}
          \(claim)
        """
    }

    @Test(arguments: [
        ("storage: 1Gi}}", "storage: 2Gi}}", "its size is not its volume's"),
        (
            "storageClassName: s\n  volumeMode: Filesystem\n  accessModes: [ReadWriteOnce]\n  resources",
            "volumeMode: Filesystem\n  accessModes: [ReadWriteOnce]\n  resources",
            "its storageClassName is not its volume's"
        ),
        ("[ReadWriteOnce]\n  resources", "[ReadWriteMany]\n  resources", "its modes are not its volume's"),
        ("name: c}\n  \n", "name: d}\n  \n", "its claimRef is not PersistentVolumeClaim/c"),
        ("volumeName: v", "volumeName: w", "no claim names it"),
        (
            "volumeMode: Filesystem\n  accessModes: [ReadWriteOnce]\n  capacity", "capacity",
            "its volumeMode is not its volume's"
        ),
    ]) func aPairAgrees(_ old: String, _ new: String, _ message: String) throws {
        #expect(try ObjectGraph(pair()).volumesWithoutClaims() == [])
        let pieces = pair().split(separator: old, omittingEmptySubsequences: false)
        try #require(pieces.count == 2)
        let graph = try ObjectGraph(pieces.joined(separator: new))
        #expect(graph.volumesWithoutClaims().map(\.message).contains(message))
    }

    @Test func aFolderIsBelowTheDataDirectoryAndOneVolumes() throws {
        func messages(_ path: String) throws -> [String] {
            try ObjectGraph(pair(path: path)).foldersOutside("/d").map(\.message)
        }
        #expect(try messages("/d/a-data") == [])
        #expect(try messages("/dd/a-data") == ["'/dd/a-data' is no folder in /d"])
        #expect(try messages("/d/a/b-data") == ["'/d/a/b-data' is no folder in /d"])
        #expect(try messages("/d/a") == ["a does not end in -data"])
        let twice = try ObjectGraph(pair() + "\n---\n" + pair())
        #expect(twice.foldersOutside("/d").map(\.message) == ["/d/a-data is PersistentVolume/v's"])
    }

    @Test(arguments: Variant.all) func volumesStayOnTheirNode(_ variant: Variant) throws {
        let platform = try variant.rendered()
        let node = try #require(platform.values["nodeName"])
        #expect(ObjectGraph(platform).volumesThatMayMove(from: node) == [])
    }

    @Test(arguments: [
        ("", false), ("nodeAffinity: {required: {nodeSelectorTerms: []}}", false),
        (
            "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: "
                + "[{key: kubernetes.io/hostname, operator: In, values: [n]}]}]}}", true
        ),
        (
            "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: "
                + "[{key: kubernetes.io/hostname, operator: In, values: [n, m]}]}]}}", false
        ),
        (
            "nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, "
                + "operator: In, values: [n]}]}, {matchExpressions: [{key: other, operator: Exists}]}]}}", false
        ),
    ]) func aVolumeIsHeldByItsAffinity(_ affinity: String, _ isHeld: Bool) throws {
        #expect(try ObjectGraph(pair(volume: affinity)).volumesThatMayMove(from: "n").isEmpty == isHeld)
    }

    @Test func aClaimHasOneWorkload() throws {
        func pod(_ name: String) -> String {
            """

            ---
            kind: Deployment
            metadata: {name: \(name)}
            spec: {template: {spec: {volumes: [{name: x, persistentVolumeClaim: {claimName: c}}],
              containers: [{volumeMounts: [{name: x, mountPath: /at}]}]}}}
            """
        }
        #expect(
            try ObjectGraph(pair()).sharedOrUnusedClaims(waived: []).map(\.message) == ["nothing uses it"])
        let one = try ObjectGraph(pair() + pod("a"))
        #expect(one.sharedOrUnusedClaims(waived: []) == [])
        #expect(one.mountPath(of: "c") == "/at")
        let two = try ObjectGraph(pair() + pod("a") + pod("b"))
        #expect(two.sharedOrUnusedClaims(waived: []).map(\.message) == ["Deployment/a and Deployment/b share it"])
        #expect(two.sharedOrUnusedClaims(waived: ["PersistentVolumeClaim/c"]) == [])
        #expect(two.sharedOrUnusedClaims(waived: ["Deployment/a", "Deployment/b"]) == [])
        #expect(two.sharedOrUnusedClaims(waived: ["Deployment/a"]).count == 1)
    }
}
