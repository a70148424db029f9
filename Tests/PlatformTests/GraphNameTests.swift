import Testing

@Suite struct GraphNameTests {
    private func pod(_ name: String, _ spec: String) -> String {
        "{kind: Pod, metadata: {name: \(name), namespace: n}, spec: {\(spec)}}\n---\n"
    }

    @Test(
        arguments: [
            ("hostNetwork: true, containers: [{name: c, ports: [{containerPort: 8083}]}]", nil),
            ("containers: [{name: c, ports: [{containerPort: 8080}]}]", nil),
            ("containers: [{name: c, ports: [{containerPort: 1, hostPort: 53, protocol: UDP}]}]", nil),
            (
                "hostNetwork: true, containers: [{name: c, ports: [{containerPort: 8080}]}]",
                "the node's port 8080 is that of kube-router"
            ),
            (
                "containers: [{name: c, ports: [{containerPort: 1, hostPort: 10250}]}]",
                "the node's port 10250 is that of kubelet"
            ),
            (
                "containers: [{name: c, ports: [{containerPort: 1, hostPort: 80}]}]",
                "the node's port 80 is that of Pod/a"
            ),
        ] as [(String, String?)]) func aPortOfTheNodeHasOneOwner(_ spec: String, _ message: String?) throws
    {
        let graph = try ObjectGraph(
            pod("a", "containers: [{name: c, ports: [{containerPort: 1, hostPort: 80}]}]") + pod("b", spec))
        #expect(graph.collidingHostPorts().map(\.message) == [message].compactMap { $0 })
    }

    @Test(arguments: [
        ("Recreate", "hostNetwork: true", true), ("RollingUpdate", "hostNetwork: true", false),
        ("RollingUpdate", "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]", false),
        ("RollingUpdate", "volumes: [{name: v, emptyDir: {}}]", true),
    ]) func aPodIsNotThereTwice(_ strategy: String, _ spec: String, _ isFine: Bool) throws {
        let graph = try ObjectGraph(
            """
            {kind: Deployment, metadata: {name: d}, spec: {strategy: {type: \(strategy)},
            template: {spec: {\(spec), containers: []}}}}
            """)
        #expect(graph.workloadsThatMeetThemselves().isEmpty == isFine)
    }

    @Test func anObjectIsThereOnceAndInTheNamespace() throws {
        let graph = try ObjectGraph(
            pod("a", "x: 1") + pod("b", "x: 1") + pod("a", "x: 1") + "{kind: StorageClass, metadata: {name: a}}",
            "{kind: Pod, metadata: {name: z}}\n---\n{kind: Namespace, metadata: {name: n, namespace: n}}")
        #expect(graph.repeatedObjects().map(\.description) == ["Pod/a: is there twice"])
        #expect(
            graph.objectsOutside("n").map(\.description) == [
                "Pod/z: is in the namespace ''", "Namespace/n: is in the namespace 'n'",
            ])
    }

    @Test func aNameIsOneThatTheAPITakes() throws {
        let graph = try ObjectGraph(
            pod("Upper", "containers: []") + pod("a", "containers: [{name: c, ports: [{name: much-too-long-name}]}]")
                + pod("b", "containers: [{name: c, env: [{name: A}, {name: A}]}], volumes: [{name: v}, {name: v}]")
                + "{kind: Service, metadata: {name: ends-}, spec: {ports: [{name: under_score}]}}")
        #expect(
            graph.malformedNames().map(\.description) == [
                "Pod/Upper: its name is malformed", "Service/ends-: its name is malformed", "Pod/b: has v twice",
                "Pod/b: has A twice", "Pod/a c: the port's name 'much-too-long-name' is malformed or too long",
                "Service/ends-: the port's name 'under_score' is malformed or too long",
            ])
    }

    @Test func servicesLeaveNoVariables() throws {
        let graph = try ObjectGraph(
            pod("a", "containers: []") + pod("b", "containers: [], enableServiceLinks: false")
                + "{kind: Service, metadata: {name: schema-registry}}\n---\n{kind: Service, metadata: {name: web}}")
        #expect(
            graph.serviceVariables().map(\.description) == [
                "Pod/a: does not switch the variables of services off",
                "Service/schema-registry: its variables would be taken for settings",
            ])
    }

    @Test(
        arguments: [
            ("app: a, app.kubernetes.io/part-of: infometis", []),
            ("app: b, app.kubernetes.io/part-of: infometis", ["its label app is not its pods'"]),
            ("app: a", ["has no label app.kubernetes.io/part-of: infometis"]),
        ] as [(String, [String])]) func aWorkloadIsLabelled(_ labels: String, _ messages: [String]) throws
    {
        let graph = try ObjectGraph(
            """
            {kind: Deployment, metadata: {name: d, labels: {\(labels)}},
            spec: {template: {metadata: {labels: {app: a}}, spec: {containers: []}}}}
            """)
        #expect(graph.unlabelledObjects().map(\.message) == messages)
    }
}
