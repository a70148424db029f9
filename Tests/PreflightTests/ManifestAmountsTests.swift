import BundleFormat
import Testing

@testable import Preflight

@Suite struct ManifestAmountsTests {
    private func amounts(_ texts: String..., values: [String: String] = [:]) throws -> ManifestAmounts {
        let parameters = values.keys.map { Parameter(name: $0, kind: .string) }
        return ManifestAmounts(of: texts, try ParameterExpansion(parameters: parameters, values: values))
    }

    /// Blocks, flows and JSON, quoted or not, with dashes and comments.
    @Test(arguments: [
        """
        apiVersion: v1
        spec:
          replicas: 2 # of them
          template:
            spec:
              containers:
              - name: a
                resources:
                  limits:
                    memory: 3Gi
                    cpu: 1
                  # requests: {cpu: 7}
                  requests:
                    memory: "2Gi"
                ports:
                - containerPort: 80
                  hostPort: 8080
              - name: b
                resources: {requests: {cpu: 250m, memory: ${{ m }}}}
                memory: 9Gi
        """,
        """
        {"apiVersion":"v1","spec":{"replicas":2,"template":{"spec":{"containers":[{"resources":{"requests":\
        {"memory":"2Gi"},"limits":{"cpu":1,"memory":"3Gi"}},"ports":[{"containerPort":80,"hostPort":8080}]},\
        {"resources":{"requests":{"cpu":"250m","memory":"${{ m }}"}}}]}}}}
        """,
    ]) func readsWhatPodsAskFor(_ text: String) throws {
        let amounts = try amounts(text, values: ["m": "1Gi"])
        #expect(amounts.cpuMillis == 2500, "a limit without a request is one")
        #expect(amounts.memoryBytes == 6 << 30)
        #expect(amounts.memoryLimitBytes == 6 << 30)
        #expect(amounts.ports == [8080])
    }

    @Test func tellsObjectsApart() throws {
        let pod = "apiVersion: v1\nspec: {parallelism: 3, resources: {requests: {cpu: 1, storage: 1Gi}}}\n"
        let volume = "apiVersion: v1\nmetadata: {name: data}\nspec:\n  capacity:\n    storage: 5Gi\n  name: x\n"
        let amounts = try amounts(pod + "---\n" + volume, volume.replacing("data", with: "more"), pod)
        #expect(amounts.cpuMillis == 6000)
        #expect(amounts.claimBytes == 6 << 30)
        #expect(amounts.capacities == ["data": 5 << 30, "more": 5 << 30])
    }

    @Test func partsOfAnObjectAreNoObjects() throws {
        let amounts = try amounts(
            """
            apiVersion: v1
            kind: List
            items:
              - apiVersion: apps/v1
                kind: StatefulSet
                spec:
                  replicas: 3
                  template:
                    spec:
                      containers:
                        - name: a
                          env:
                            - valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}
                            - valueFrom:
                                fieldRef:
                                  apiVersion: v1
                                  fieldPath: spec.nodeName
                          resources: {requests: {cpu: 1}}
                  volumeClaimTemplates:
                    - apiVersion: v1
                      kind: PersistentVolumeClaim
                      spec: {resources: {requests: {storage: 1Gi}}}
              - apiVersion: v1
                kind: Pod
                spec: {containers: [{resources: {requests: {cpu: 5}}}]}
            """)
        #expect(amounts.cpuMillis == 8000)
        #expect(amounts.claimBytes == 3 << 30)
    }

    @Test func portsOfTheHostAreApart() throws {
        let pod = """
            apiVersion: v1
            spec:
              hostNetwork: true
              containers: [{ports: [{containerPort: 9100}, {containerPort: "${{ unknown }}"}]}]
            ---
            apiVersion: v1
            spec: {containers: [{ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]}]}
            ---
            apiVersion: v1
            spec: {ports: [{port: 1, nodePort: 30001}]}
            """
        #expect(try amounts(pod).ports == [9100, 0, 8081, 30001])
    }

    @Test(arguments: [
        "", "---", "\n \n", "{", "requests: {cpu: ", "requests:\n  cpu: \"", "cpu: 1", "requests: {cpu: x, memory: -}",
        "requests: {cpu: ${{ unset }}}", "requests: {cpu: ${{", "replicas: 99999999999999999999", "- - -", ": : :",
        "requests: {cpu: -10E, memory: -1}", "# requests: {cpu: 1}", "x: 'requests: {cpu: 1}'",
    ]) func countsNothingWhereNothingIs(_ text: String) throws {
        let amounts = try amounts(text)
        #expect(
            [amounts.cpuMillis, amounts.memoryBytes, amounts.memoryLimitBytes, amounts.claimBytes] == [0, 0, 0, 0])
    }

    @Test func amountsBeyondAllMeasureStayThere() throws {
        let amounts = try amounts("replicas: 9\nresources: {requests: {cpu: 9e30, memory: 9999999Ei}}")
        #expect(amounts.cpuMillis == .max && amounts.memoryBytes == .max)
    }

    @Test(
        arguments: [
            ("- {a: \"b c\", d: e}", [.key("a"), .value("b c"), .key("d"), .value("e")]),
            ("image: host:5000/x:1 # y", [.key("image"), .value("host:5000/x:1")]),
            ("a: ${{ b }}-c, d", [.key("a"), .value("${{ b }}-c"), .value("d")]),
            ("a#b: c", [.key("a#b"), .value("c")]),
            ("  - -1", [.value("-1")]), ("#", []),
        ] as [(String, [FieldTokens.Token])]) func tokens(_ line: String, _ expected: [FieldTokens.Token])
    {
        #expect(Array(FieldTokens(line[...].utf8)) == expected)
    }
}
