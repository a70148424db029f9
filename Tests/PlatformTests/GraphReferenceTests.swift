import Testing

@Suite struct GraphReferenceTests {
    private func pod(_ spec: String) -> String { "{kind: Pod, metadata: {name: p}, spec: {\(spec)}}" }
    private func container(_ fields: String) -> String { pod("containers: [{name: c, \(fields)}]") }

    @Test(arguments: [
        "volumes: [{name: v, configMap: {name: map}}], containers: [{volumeMounts: [{name: v, subPath: a}]}]",
        "volumes: [{name: v, projected: {sources: [{secret: {name: box, items: [{key: k}]}}]}}], containers: []",
        "containers: [{envFrom: [{configMapRef: {name: map}}, {secretRef: {name: none, optional: true}}]}]",
        "containers: [{env: [{name: a, valueFrom: {secretKeyRef: {name: box, key: k}}}]}]",
        "serviceAccountName: user, priorityClassName: system-node-critical, containers: []",
    ]) func takesWhatIsThere(_ spec: String) throws {
        #expect(try graph(spec).missingReferences() == [])
    }

    @Test(arguments: [
        ("volumes: [{name: v, configMap: {name: none}}], containers: []", "ConfigMap/none is not there in time"),
        ("volumes: [{name: v, configMap: {name: late}}], containers: []", "ConfigMap/late is not there in time"),
        ("volumes: [{name: v, secret: {secretName: none}}], containers: []", "Secret/none is not there in time"),
        (
            "volumes: [{name: v, configMap: {name: map}}], containers: [{volumeMounts: [{name: v, subPath: b}]}]",
            "ConfigMap/map has no key b"
        ),
        (
            "volumes: [{name: v, projected: {sources: [{secret: {name: box, items: [{key: x}]}}]}}], containers: []",
            "Secret/box has no key x"
        ),
        (
            "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}], containers: []",
            "PersistentVolumeClaim/c is not there in time"
        ),
        ("containers: [{envFrom: [{secretRef: {name: none}}]}]", "Secret/none is not there in time"),
        (
            "initContainers: [{env: [{name: a, valueFrom: {configMapKeyRef: {name: map, key: b}}}]}], containers: []",
            "ConfigMap/map has no key b"
        ),
        ("serviceAccountName: nobody, containers: []", "ServiceAccount/nobody is not there in time"),
        ("priorityClassName: high, containers: []", "PriorityClass/high is not there in time"),
    ]) func findsWhatIsMissing(_ spec: String, _ message: String) throws {
        #expect(try graph(spec).missingReferences().map(\.message) == [message])
    }

    private func graph(_ spec: String) throws -> ObjectGraph {
        try ObjectGraph(
            """
            {kind: ConfigMap, metadata: {name: map}, data: {a: b}}
            ---
            {kind: Secret, metadata: {name: box}, stringData: {k: v}}
            ---
            {kind: ServiceAccount, metadata: {name: user}}
            """, pod(spec), "{kind: ConfigMap, metadata: {name: late}}")
    }

    @Test func findsWhatOtherObjectsMiss() throws {
        let graph = try ObjectGraph(
            """
            {kind: PersistentVolumeClaim, metadata: {name: c}, spec: {storageClassName: s}}
            ---
            {kind: RoleBinding, metadata: {name: r}, roleRef: {kind: Role, name: x}, subjects: [{kind: ServiceAccount, name: y}]}
            ---
            {kind: Ingress, metadata: {name: i}, spec: {tls: [{secretName: t}]}}
            """)
        #expect(
            graph.missingReferences().map(\.description) == [
                "PersistentVolumeClaim/c: StorageClass/s is not there in time",
                "RoleBinding/r: Role/x is not there in time",
                "RoleBinding/r: ServiceAccount/y is not there in time",
                "Ingress/i: Secret/t is not there in time",
            ])
    }

    @Test func findsLooseVolumesAndUnknownFiles() throws {
        let graph = try ObjectGraph(
            pod(
                """
                volumes: [{name: a, hostPath: {path: /var/lib/sealift/files/x.jar}}, {name: b, emptyDir: {}}],
                containers: [{volumeMounts: [{name: a}, {name: c}]}]
                """))
        #expect(graph.loosePodVolumes().map(\.message) == ["mounts no volume c", "never mounts its volume b"])
        #expect(graph.unknownBundleFiles(["x.jar"]) == [])
        #expect(
            graph.unknownBundleFiles(["y.jar"]).map(\.message) == [
                "the bundle brings no file /var/lib/sealift/files/x.jar"
            ])
    }
}
