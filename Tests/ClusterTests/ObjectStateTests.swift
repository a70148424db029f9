import Testing

@testable import Cluster

/// What the API prints, cut down to what counts.
@Suite struct ObjectStateTests {
    private static func deployment(_ status: String, spec: String = #"{"replicas":2}"#) -> String {
        """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","generation":3},"spec":\(spec),\
        "status":\(status)}
        """
    }

    @Test(arguments: [
        deployment(
            #"{"observedGeneration":3,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2}"#),
        deployment(#"{"observedGeneration":3}"#, spec: #"{"replicas":0}"#),
        """
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s","generation":1},"spec":{"replicas":1},\
        "status":{"observedGeneration":1,"replicas":1,"readyReplicas":1,"updatedReplicas":1}}
        """,
        """
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s","generation":1},"spec":{"replicas":3,\
        "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}}},\
        "status":{"observedGeneration":1,"replicas":3,"readyReplicas":3,"updatedReplicas":1}}
        """,
        """
        {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d","generation":1},"spec":{},"status":\
        {"observedGeneration":1,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":2}}
        """,
        """
        {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{},"status":{"conditions":[\
        {"type":"SuccessCriteriaMet","status":"True"},{"type":"Complete","status":"True"}],"succeeded":1}}
        """,
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"phase":"Succeeded"}}"#,
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"phase":"Running","conditions":[\
        {"type":"Ready","status":"True"}]}}
        """,
        #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"status":{"phase":"Bound"}}"#,
        #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"},"status":{"phase":"Active"}}"#,
        """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x.y"},\
        "status":{"conditions":[{"type":"NamesAccepted","status":"True"},{"type":"Established","status":"True"}]}}
        """,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"b"}}"#,
        // Somebody else's kinds, in whatever shape.
        #"{"apiVersion":"example.org/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":"many"}}"#,
        #"{"apiVersion":"example.org/v1","kind":"Thing","metadata":{"name":"x"},"status":"odd"}"#,
        #"{"kind":7}"#, "[]", "null", "5",
    ])
    func isReady(_ text: String) { #expect(ObjectState(of: json(text)) == .ready) }

    @Test(arguments: [
        (
            deployment(#"{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":2}"#),
            "hasn't been seen"
        ),
        (deployment("{}"), "hasn't been seen"),
        (
            deployment(#"{"observedGeneration":3,"replicas":2,"updatedReplicas":1,"availableReplicas":2}"#),
            "1 of 2 pods are up to date"
        ),
        (deployment(#"{"observedGeneration":3,"replicas":3,"updatedReplicas":2,"availableReplicas":2}"#), "1 old pods"),
        (
            deployment(#"{"observedGeneration":3,"replicas":2,"updatedReplicas":2,"availableReplicas":1}"#),
            "1 of 2 pods are available"
        ),
        (deployment(#"{"observedGeneration":"3","replicas":"2"}"#), "hasn't been seen"),
        (
            deployment(
                #"{"observedGeneration":3,"replicas":2,"updatedReplicas":2,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}"#
            ), "no progress"
        ),
        (
            """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s","generation":1},"spec":{"replicas":2},\
            "status":{"observedGeneration":1,"replicas":1,"readyReplicas":1,"updatedReplicas":2}}
            """, "1 of 2 pods are ready"
        ),
        (
            """
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s","generation":1},"spec":{"replicas":2},\
            "status":{"observedGeneration":1,"replicas":2,"readyReplicas":2,"updatedReplicas":1}}
            """, "1 of 2 pods are up to date"
        ),
        (
            """
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d","generation":1},"spec":{},"status":\
            {"observedGeneration":1,"desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1}}
            """, "1 of 2 pods are available"
        ),
        (
            #"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"status":{"active":1,"failed":2}}"#,
            "2 tries failed"
        ),
        (
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"status":{"phase":"Running","conditions":[\
            {"type":"Ready","status":"False"}]}}
            """, "the pod is Running"
        ),
        (
            #"{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"status":{"phase":"Lost"}}"#,
            "the claim is Lost"
        ),
        (
            #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"},"status":{"phase":"Terminating"}}"#,
            "isn't active"
        ),
        (
            #"{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x.y"}}"#,
            "isn't established"
        ),
        (
            """
            {"apiVersion":"apiregistration.k8s.io/v1","kind":"APIService","metadata":{"name":"v1.x"},"status":{"conditions":\
            [{"type":"Available","status":"False","message":"no endpoints"}]}}
            """, "no endpoints"
        ),
        (
            #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","deletionTimestamp":"2026-01-01T00:00:00Z"}}"#,
            "deleted"
        ),
    ])
    func waits(_ text: String, _ reason: String) {
        guard case .waiting(let found) = ObjectState(of: json(text)) else {
            Issue.record("\(ObjectState(of: json(text)))")
            return
        }
        #expect(found.contains(reason))
    }

    /// What no API server says must not overflow either.
    @Test(arguments: ["-9223372036854774784", "9223372036854774784", "1e18", "-1", "1e300"])
    func livesWithImpossibleCounts(_ number: String) {
        for other in ["9223372036854774784", "-9223372036854774784", "0"] {
            let status = #"{"updatedReplicas":\#(number),"replicas":\#(other),"readyReplicas":\#(other)}"#
            let spec = #"{"replicas":\#(other),"updateStrategy":{"rollingUpdate":{"partition":\#(number)}}}"#
            for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"] {
                let object = #"{"apiVersion":"apps/v1","kind":"\#(kind)","spec":\#(spec),"status":\#(status)}"#
                if case .failed(let reason) = ObjectState(of: json(object)) { Issue.record("\(reason)") }
            }
        }
    }

    @Test func aJobThatIsOutOfAttemptsHasFailed() {
        let failed = json(
            """
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"status":{"failed":1,"conditions":[{"type":\
            "Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the limit"}]}}
            """)
        #expect(ObjectState(of: failed) == .failed("BackoffLimitExceeded: Job has reached the limit"))
    }

    @Test func namesReferences() {
        let object = json(#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"data"}}"#)
        let reference = ObjectReference(object)
        #expect(reference?.description == "Deployment data/web")
        #expect(reference?.group == "apps")
        #expect(ObjectReference(json("{}")) == nil)
        let list = [reference].compactMap(\.self).manifest
        #expect(Kubectl.flatten(JSON.documents(list) ?? []) == [object])
    }

    /// To Swift a quote and the accent behind it are one other character, to JSON the quote ends the name.
    @Test(arguments: ["a\"\u{301},\"kind\":\"Secret", "a\u{1}b", "a\\\u{301}"])
    func noNameLeavesItsPlaceInAList(_ name: String) {
        let list = [ObjectReference(apiVersion: "v1", kind: "Pod", name: name)].manifest
        let items = JSON.documents(list)?.first?["items"].elements ?? []
        #expect(items.map { $0["kind"].string } == ["Pod"])
    }
}
