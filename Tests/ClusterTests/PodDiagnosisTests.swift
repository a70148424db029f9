import Testing

@testable import Cluster

/// Statuses and events as kubelet and the scheduler write them.
@Suite struct PodDiagnosisTests {
    private func pod(_ status: String, volumes: String = "[]") -> JSON {
        json(
            """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-0","namespace":"data"},\
            "spec":{"volumes":\(volumes)},"status":\(status)}
            """)
    }

    private func event(_ reason: String, _ message: String, time: String = "2026-01-01T00:00:00Z") -> JSON {
        json(
            """
            {"kind":"Event","type":"Warning","reason":"\(reason)","message":"\(message)","lastTimestamp":"\(time)",\
            "involvedObject":{"kind":"Pod","name":"web-0","namespace":"data"}}
            """)
    }

    private func diagnose(_ pod: JSON, events: [JSON] = [], claims: [JSON] = []) -> (Blocker.Reason, String) {
        PodDiagnosis(pod: pod, surroundings: Surroundings(pods: [pod], events: events, claims: claims)).result
    }

    @Test(arguments: ["ErrImageNeverPull", "ImagePullBackOff", "ErrImagePull", "InvalidImageName"])
    func anImage(_ reason: String) {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","containerStatuses":[{"name":"main","image":"docker.io/apache/nifi:1.23.2",\
                "state":{"waiting":{"reason":"\(reason)","message":"told"}}}]}
                """))
        #expect(category == .image)
        #expect(message == "main needs docker.io/apache/nifi:1.23.2: \(reason): told")
    }

    @Test func anImageOfAnInitContainer() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","initContainerStatuses":[{"name":"prepare","image":"a:1",\
                "state":{"waiting":{"reason":"ErrImageNeverPull"}}}],"containerStatuses":[{"name":"main","image":"b:1",\
                "state":{"waiting":{"reason":"PodInitializing"}}}]}
                """))
        #expect(category == .image)
        #expect(message == "init container prepare needs a:1: ErrImageNeverPull")
    }

    @Test func anUnboundClaim() {
        let claims = [
            json(#"{"metadata":{"name":"logs","namespace":"data"},"status":{"phase":"Bound"}}"#),
            json(#"{"metadata":{"name":"store","namespace":"data"},"status":{"phase":"Pending"}}"#),
        ]
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",\
                "message":"0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."}]}
                """,
                volumes: """
                    [{"persistentVolumeClaim":{"claimName":"logs"}},{"persistentVolumeClaim":{"claimName":"store"}}]
                    """), claims: claims)
        #expect(category == .volume)
        #expect(message.hasSuffix("(not bound: store)"))
    }

    @Test func noRoom() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",\
                "message":"0/1 nodes are available: 1 Insufficient memory."}]}
                """))
        #expect(category == .resources)
        #expect(message == "0/1 nodes are available: 1 Insufficient memory.")
    }

    private let creating = """
        {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}],"containerStatuses":[{"name":"main",\
        "state":{"waiting":{"reason":"ContainerCreating"}}}]}
        """

    @Test func aVolumeThatCannotBeMounted() {
        let events = [
            event("FailedMount", "the latest", time: "2026-01-01T00:00:09Z"),
            event("FailedMount", "an older one"),
        ]
        let sorted = events.sorted { EventTime($0) < EventTime($1) }
        #expect(diagnose(pod(creating), events: sorted) == (.volume, "the latest"))
        #expect(diagnose(pod(creating)).0 == .progress)
    }

    @Test func someoneElsesEventIsNoReason() {
        let other = json(
            """
            {"kind":"Event","type":"Warning","reason":"FailedMount","message":"m",\
            "involvedObject":{"kind":"Pod","name":"web-0","namespace":"other"}}
            """)
        #expect(diagnose(pod(creating), events: [other]).0 == .progress)
    }

    private let running = """
        {"phase":"Running","conditions":[{"type":"PodScheduled","status":"True"}],"containerStatuses":[{"name":"main",\
        "ready":false,"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}]}
        """

    @Test func aProbe() {
        let failed = event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        #expect(
            diagnose(pod(running), events: [failed])
                == (.probe, "main: Readiness probe failed: HTTP probe failed with statuscode: 503"))
        #expect(diagnose(pod(running)) == (.probe, "main runs and isn't ready yet"))
    }

    @Test func aCrash() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Running","containerStatuses":[{"name":"main","restartCount":4,\
                "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 40s"}},\
                "lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}
                """))
        #expect(category == .crash)
        #expect(message == "main ended with exit code 137 (OOMKilled), started again 4 times")
    }

    @Test func betweenTheEndAndTheNextStart() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Running","containerStatuses":[{"name":"main","restartCount":0,\
                "state":{"terminated":{"exitCode":2,"reason":"Error"}}}]}
                """))
        #expect(category == .crash)
        #expect(message == "main ended with exit code 2")
    }

    @Test func anInitContainer() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","initContainerStatuses":[{"name":"wait-for-db","started":false,\
                "state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}],"containerStatuses":[{"name":"main",\
                "state":{"waiting":{"reason":"PodInitializing"}}}]}
                """))
        #expect(category == .initContainer)
        #expect(message == "wait-for-db still runs")
        let (crash, words) = diagnose(
            pod(
                """
                {"phase":"Pending","initContainerStatuses":[{"name":"prepare","restartCount":1,\
                "state":{"waiting":{"reason":"CrashLoopBackOff"}},"lastState":{"terminated":{"exitCode":1}}}]}
                """))
        #expect(crash == .initContainer)
        #expect(words == "init container prepare ended with exit code 1, started again 1 times")
    }

    @Test func aMissingSecret() {
        let (category, message) = diagnose(
            pod(
                """
                {"phase":"Pending","containerStatuses":[{"name":"main","state":{"waiting":\
                {"reason":"CreateContainerConfigError","message":"secret \\"admin\\" not found"}}}]}
                """))
        #expect(category == .configuration)
        #expect(message == #"main: CreateContainerConfigError: secret "admin" not found"#)
    }

    @Test func whatHasNoKnownShapeIsNoReason() {
        for status in [#""odd""#, "[]", #"{"containerStatuses":7}"#, #"{"containerStatuses":[null,[],"x"]}"#, "{}"] {
            #expect(diagnose(pod(status)).0 == .progress)
        }
    }

    @Test func findsThePodsOfAWorkload() {
        let object = json(
            """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"data"},\
            "spec":{"template":{"metadata":{"labels":{"app":"web"}}}}}
            """)
        func pod(_ name: String, owner: String, labels: String = #"{"app":"web"}"#, namespace: String = "data") -> JSON
        {
            json(
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\(name)","namespace":"\(namespace)",\
                "labels":\(labels),"ownerReferences":\(owner)},"status":{"phase":"Pending"}}
                """)
        }
        let pods = [
            pod("mine", owner: #"[{"kind":"ReplicaSet","name":"web-5d8f7c9b4"}]"#),
            pod("of-web-api", owner: #"[{"kind":"ReplicaSet","name":"web-api-5d8f7c9b4"}]"#),
            pod("of-a-set", owner: #"[{"kind":"StatefulSet","name":"web"}]"#),
            pod("elsewhere", owner: #"[{"kind":"ReplicaSet","name":"web-5d8f7c9b4"}]"#, namespace: "other"),
            pod("by-label", owner: "[]"), pod("by-no-label", owner: "[]", labels: "{}"),
        ]
        let blockers = Surroundings(pods: pods).blockers(of: object, state: "s")
        #expect(blockers.map(\.pod) == ["mine", "by-label"])
        #expect(
            Surroundings().blockers(of: object, state: "0 of 1").map(\.description) == ["Deployment data/web: 0 of 1"])
    }

    @Test func podsOfAnEarlierJobAreNotItsOwn() {
        let object = json(
            #"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"data","uid":"2"}}"#)
        let pods = ["1", "2"].map { uid in
            json(
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"j-\(uid)","namespace":"data","ownerReferences":\
                [{"kind":"Job","name":"j","uid":"\(uid)"}]},"status":{"phase":"Failed","reason":"Evicted"}}
                """)
        }
        let blockers = Surroundings(pods: pods).blockers(of: object, state: "s")
        #expect(blockers.map(\.description) == ["Job data/j, pod j-2: crash: Evicted"])
    }

    @Test(arguments: [
        "0/1 nodes are available: 1 node(s) didn't find available persistent volumes to bind.",
        "0/1 nodes are available: 1 node(s) had volume node affinity conflict.",
        #"0/1 nodes are available: persistentvolumeclaim \"store\" not found."#,
    ])
    func whatTheSchedulerSaysOfVolumes(_ message: String) {
        let (category, _) = diagnose(
            pod(
                """
                {"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable",\
                "message":"\(message)"}]}
                """))
        #expect(category == .volume)
    }

    @Test func podsThatMayNotBeMadeAreNamed() {
        let object = json(#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"data"}}"#)
        let refused = json(
            """
            {"kind":"Event","type":"Warning","reason":"FailedCreate","message":"exceeded quota",\
            "involvedObject":{"kind":"ReplicaSet","name":"web-5d8f7c9b4","namespace":"data"}}
            """)
        let blockers = Surroundings(events: [refused]).blockers(of: object, state: "s")
        #expect(blockers.map(\.description) == ["Deployment data/web: resources: exceeded quota"])
    }

    @Test(arguments: [("late", false, true), ("late", true, false), ("now", false, false), (nil, false, true)])
    func aClaimThatNobodyWantsYetBlocksNothing(_ name: String?, _ isMounted: Bool, _ isFine: Bool) {
        let spec = name.map { #"{"storageClassName":"\#($0)"}"# } ?? "{}"
        let claim = json(
            #"{"metadata":{"name":"store","namespace":"data"},"spec":\#(spec),"status":{"phase":"Pending"}}"#)
        let classes = [
            json(
                """
                {"metadata":{"name":"late","annotations":{"storageclass.kubernetes.io/is-default-class":"true"}},\
                "volumeBindingMode":"WaitForFirstConsumer"}
                """),
            json(#"{"metadata":{"name":"now"},"volumeBindingMode":"Immediate"}"#),
        ]
        let user = pod("{}", volumes: #"[{"persistentVolumeClaim":{"claimName":"store"}}]"#)
        let around = Surroundings(pods: isMounted ? [user] : [], storageClasses: classes)
        #expect(around.isUnusedAndLate(claim) == isFine)
    }
}
