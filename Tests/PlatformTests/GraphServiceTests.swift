import Testing

@Suite struct GraphServiceTests {
    private static let pod = """
        kind: Deployment
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: web, ports: [{name: http, containerPort: 80}]}]
        """

    @Test(
        arguments: [
            ("selector: {app: web}, ports: [{port: 1, targetPort: http}]", nil),
            ("selector: {app: web}, ports: [{port: 80}]", nil),
            ("selector: {app: web}, ports: [{port: 81}]", "port 81 is not one of Deployment/web"),
            ("selector: {app: web}, ports: [{port: 80, targetPort: https}]", "port https is not one of Deployment/web"),
            ("selector: {app: wbe}, ports: [{port: 80}]", "selects no pod"),
            ("ports: [{port: 80}]", "selects nothing"),
        ] as [(String, String?)]) func aServiceNeedsAPod(_ spec: String, _ message: String?) throws
    {
        let graph = try ObjectGraph("\(Self.pod)\n---\nkind: Service\nmetadata: {name: s}\nspec: {\(spec)}")
        #expect(graph.servicesWithoutPods().map(\.message) == [message].compactMap { $0 })
    }

    @Test(
        arguments: [
            ("s", "port: {number: 80}", nil), ("s", "port: {name: http}", nil),
            ("s", "port: {number: 81}", "/a leads to s, which has no port 81"),
            ("t", "port: {number: 80}", "/a leads to the missing Service t"),
            ("late", "port: {number: 80}", "/a leads to the missing Service late"),
        ] as [(String, String, String?)]) func aPathNeedsAService(_ service: String, _ port: String, _ message: String?)
        throws
    {
        let graph = try ObjectGraph(
            """
            kind: Service
            metadata: {name: s}
            spec: {ports: [{name: http, port: 80}]}
            ---
            kind: Ingress
            metadata: {name: i}
            spec: {rules: [{http: {paths: [{path: /a, backend: {service: {name: \(service), \(port)}}}]}}]}
            """, "{kind: Service, metadata: {name: late}, spec: {ports: [{port: 80}]}}")
        #expect(graph.ingressesWithoutServices().map(\.message) == [message].compactMap { $0 })
    }

    @Test(
        arguments: [
            ("entrypoints: web", "middlewares: strip@file", "a", []),
            ("entrypoints: wbe", "middlewares: strip@file", "a", ["there is no entry point wbe"]),
            ("other: web", "middlewares: strip@file", "a", ["would be attached to every entry point"]),
            ("entrypoints: web", "middlewares: strap@file", "a", ["there is no middleware strap@file"]),
            ("entrypoints: web", "middlewares: strip", "a", ["there is no middleware strip"]),
            ("entrypoints: web", "middlewares: strip@file", "b", ["there is no IngressClass 'b'"]),
        ] as [(String, String, String, [String])]) func traefikTakesWhatItKnows(
            _ points: String, _ middlewares: String, _ ingressClass: String, _ messages: [String]
        ) throws
    {
        let graph = try ObjectGraph(
            """
            {kind: Pod, metadata: {name: t}, spec: {containers: [{image: a/traefik:1, args: ["--entrypoints.web.address=:80"]}]}}
            ---
            {kind: IngressClass, metadata: {name: a}}
            ---
            {kind: ConfigMap, metadata: {name: m}, data: {a: "http: {middlewares: {strip: {}}}", b: "[broken"}}
            ---
            kind: Ingress
            metadata:
              name: i
              annotations:
                traefik.ingress.kubernetes.io/router.\(points)
                traefik.ingress.kubernetes.io/router.\(middlewares)
            spec: {ingressClassName: \(ingressClass)}
            """)
        #expect(graph.ingressesThatTraefikRefuses().map(\.message) == messages)
    }

    @Test(
        arguments: [
            ("StatefulSet", "web", "web", "svc", []),
            ("Deployment", "web", "web", "svc", []),
            ("Deployment", "web", "wbe", "svc", ["its selector does not match its own pods"]),
            ("StatefulSet", "web", "web", "none", ["there is no Service 'none'"]),
        ] as [(String, String, String, String, [String])]) func aSelectorMatchesItsPods(
            _ kind: String, _ wanted: String, _ label: String, _ service: String, _ messages: [String]
        ) throws
    {
        let graph = try ObjectGraph(
            """
            {kind: Service, metadata: {name: svc}}
            ---
            kind: \(kind)
            metadata: {name: w}
            spec:
              serviceName: \(service)
              selector: {matchLabels: {app: \(wanted)}}
              template: {metadata: {labels: {app: \(label)}}, spec: {containers: []}}
            """)
        #expect(graph.selectorsWithoutPods().map(\.message) == messages)
    }
}
