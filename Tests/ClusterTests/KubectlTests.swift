import Processes
import SystemPackage
import TestSupport
import Testing

@testable import Cluster

@Suite struct KubectlComplaintTests {
    @Test(arguments: [
        "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?",
        "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout",
        "Unable to connect to the server: net/http: TLS handshake timeout",
        "Error from server: etcdserver: leader changed",
        "Error from server: etcdserver: request timed out",
        "Error from server (ServiceUnavailable): the server is currently unable to handle the request",
        "Error from server (Timeout): the server was unable to return a response in the time allotted",
        #"error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "X" in version "y/v1""#,
        """
        Error from server (InternalError): Internal error occurred: failed calling webhook "v.example.org": failed to call \
        webhook: Post "https://v.svc:443/?timeout=10s": no endpoints available for service "v"
        """,
        """
        Error from server (Forbidden): pods "x" is forbidden: error looking up service account a/default: \
        serviceaccount "default" not found
        """,
        #"Get "https://127.0.0.1:6443/api": http2: server sent GOAWAY and closed the connection"#,
        "Warning: v1 ComponentStatus is deprecated in v1.19+\nError from server: etcdserver: leader changed",
    ])
    func mayMendItself(_ text: String) { #expect(KubectlComplaint.isTransient(text)) }

    @Test(arguments: [
        #"The Deployment "web" is invalid: spec.template.spec.containers[0].image: Required value"#,
        #"Error from server (Forbidden): secrets is forbidden: User "x" cannot list resource "secrets""#,
        """
        Error from server (BadRequest): Deployment in version "v1" cannot be handled as a Deployment: strict decoding \
        error: unknown field "spec.foo"
        """,
        #"Error from server (NotFound): namespaces "nowhere" not found"#,
        "error: unknown flag: --nonsense", "", "something that nobody has ever seen",
        "Error from server: etcdserver: leader changed\nThe Service \"web\" is invalid: spec.ports: Required value",
        #"Error from server: admission webhook "v.example.org" denied the request: no"#,
    ])
    func isWrongForGood(_ text: String) { #expect(!KubectlComplaint.isTransient(text)) }

    @Test func appliesAsTheOwnerOfItsFields() {
        #expect(
            Kubectl.applyArguments(.server) == [
                "apply", "--server-side", "--field-manager=sealift", "--force-conflicts", "--dry-run=server", "-o",
                "json", "-f", "-",
            ])
    }
}

@Suite(.enabled(if: KubernetesStandIn.isUsable, "needs kubectl and python3"))
struct KubectlTests {
    private let web = ObjectReference(apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web")

    @Test func appliesGetsAndDeletes() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: data}"
            let applied = try await kubectl.apply(manifest(namespace, deployment("web")))
            #expect(applied == [ObjectReference(apiVersion: "v1", kind: "Namespace", name: "data"), web])
            #expect(try await kubectl.apply(manifest(deployment("web", replicas: 2))) == [web])
            let missing = ObjectReference(apiVersion: "v1", kind: "ConfigMap", namespace: "data", name: "none")
            let found = try await kubectl.get([web, missing])
            #expect(found.compactMap(ObjectReference.init) == [web])
            #expect(found.first?["spec"]["replicas"].int == 2)
            #expect(try await kubectl.get([missing]).isEmpty)
            #expect(try await kubectl.version().hasPrefix("v1."))
            let gone = ObjectReference(apiVersion: "gone.example.org/v1", kind: "Gone", namespace: "data", name: "x")
            try await kubectl.delete([gone, web, missing], wait: .seconds(30))
            #expect(try await kubectl.get([web]).isEmpty)
        }
    }

    @Test func aDryRunKeepsNothing() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            let applied = try await kubectl.apply(manifest(deployment("web")), dryRun: .server)
            #expect(applied == [web])
            #expect(try await kubectl.get([web]).isEmpty)
        }
    }

    @Test func tellsWhatIsNotAsItWasApplied() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            let settings =
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {a: b}"
            let secret =
                "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: default}\nstringData: {p: hunter2}"
            let manifests = manifest(deployment("web", replicas: 2), settings, secret)
            #expect(try await kubectl.drift(from: manifests).map(\.name) == ["web", "settings", "login"], "none there")
            _ = try await kubectl.apply(manifests)
            try await readiness(standIn).wait(for: [web], timeout: .seconds(60))
            #expect(try await kubectl.drift(from: manifests).isEmpty)
            func edit(_ arguments: String...) async throws {
                _ = try await kubectl.once("edit", arguments, timeout: .seconds(60))
            }
            try await edit("label", "deployment", "web", "beside=ours")
            #expect(try await kubectl.drift(from: manifests).isEmpty, "what others add is theirs")
            try await edit("scale", "deployment", "web", "--replicas=3")
            #expect(try await kubectl.drift(from: manifests) == [web])
            try await edit("patch", "configmap", "settings", "--patch", #"{"data":{"a":"c"}}"#)
            try await edit("patch", "secret", "login", "--patch", #"{"data":{"p":"eA=="}}"#)
            #expect(try await kubectl.drift(from: manifests).map(\.name) == ["web", "settings", "login"])
            _ = try await kubectl.apply(manifests)
            #expect(try await kubectl.drift(from: manifests).isEmpty)
            try await edit("delete", "configmap", "settings")
            #expect(try await kubectl.drift(from: manifests).map(\.name) == ["settings"])
        }
    }

    @Test func whatIsWrongForGoodFailsAtOnceWithKubectlsWords() async throws {
        try await KubernetesStandIn.with { standIn in
            var patient = kubectl(standIn)
            patient.patience = .seconds(3600)
            let manifests = manifest(deployment("web").replacing("selector:", with: "selektor: 1\n  selector:"))
            let error = try #require(await clusterError { _ = try await patient.apply(manifests) })
            #expect(error.description.hasPrefix("can't apply manifests: kubectl failed with exit status 1"))
            #expect(error.description.contains(#"unknown field "spec.selektor""#))
        }
    }

    @Test func goesOnWhenTheServerHasComeBack() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            try standIn.setFaults(
                """
                {"api":{"fail":{"status":503,"reason":"ServiceUnavailable","match":"PATCH","times":3,\
                "message":"the server is currently unable to handle the request"}}}
                """)
            #expect(try await kubectl.apply(manifest(deployment("web"))) == [web])
        }
    }

    @Test func appliesADefinitionAndItsObjectsInOneCall() async throws {
        try await KubernetesStandIn.with { standIn in
            let kubectl = kubectl(standIn)
            let applied = try await kubectl.apply(Array(KubernetesStandIn.thing.utf8))
            #expect(applied.map(\.description) == ["CustomResourceDefinition things.example.org", "Thing default/one"])
            try await readiness(standIn).wait(for: applied, timeout: .seconds(60))
        }
    }

    @Test func givesUpOnAServerThatIsAway() async throws {
        var kubectl = Kubectl(
            .path(KubernetesStandIn.kubectl ?? "/nowhere"), ["--server=http://127.0.0.1:1"], name: "kubectl")
        kubectl.patience = .milliseconds(300)
        kubectl.firstPause = .milliseconds(50)
        let error = try #require(await clusterError { _ = try await kubectl.get([web]) })
        #expect(error.description.contains("refused"))
        #expect(error.hint?.contains("API server") == true)
    }

    @Test func beingPatientCanBeCancelled() async throws {
        var kubectl = Kubectl(
            .path(KubernetesStandIn.kubectl ?? "/nowhere"), ["--server=http://127.0.0.1:1"], name: "kubectl")
        kubectl.patience = .seconds(3600)
        let task = Task { [kubectl, web] in await clusterError { _ = try await kubectl.get([web]) } }
        task.cancel()
        guard case .cancelled? = await task.value else {
            Issue.record("went on")
            return
        }
    }
}
