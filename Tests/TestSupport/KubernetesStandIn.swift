internal import FoundationEssentials
package import SystemPackage

/// The tests' stand-in for a Kubernetes API on loopback, for the time of a closure; the real kubectl talks to it.
package struct KubernetesStandIn: Sendable {
    /// The real kubectl: `$SEALIFT_KUBECTL`, or the one on the `PATH`.
    package static let kubectl: FilePath? = {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["SEALIFT_KUBECTL"] { return FilePath(path) }
        return (environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)).appending("kubectl") }
            .first { exists($0) }
    }()

    /// Whether both programs are here.
    package static let isUsable = kubectl != nil && exists("/usr/bin/python3")

    /// A kind of its own, and an object of it: `Thing`, served as `things.example.org`, of which there is `default/one`.
    package static let thing = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: things.example.org}
        spec:
          group: example.org
          scope: Namespaced
          names: {kind: Thing, listKind: ThingList, plural: things, singular: thing}
          versions:
          - name: v1
            served: true
            storage: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
        ---
        apiVersion: example.org/v1
        kind: Thing
        metadata: {name: one, namespace: default}
        """

    package let kubeconfig: FilePath
    private let faults: FilePath

    /// Starts an API with `settings` (a JSON object), runs `body`, and stops the API for certain.
    package static func with<Value: Sendable>(
        settings: String = "{}", body: (KubernetesStandIn) async throws -> Value
    ) async throws -> Value {
        let folder = TemporaryDirectory()
        let standIn = KubernetesStandIn(kubeconfig: folder.file("kubeconfig"), faults: folder.file("faults.json"))
        try write(settings.utf8, to: folder.file("settings.json"))
        let program = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
            .appending("K0sStandIn/kubernetes_api.py")
        let command = [
            "/usr/bin/python3", "-B", program.string, "--port", "0", "--state", folder.file("state").string,
            "--kubeconfig", standIn.kubeconfig.string, "--faults", standIn.faults.string,
            "--settings", folder.file("settings.json").string,
        ]
        // The port is the stand-in's own choice, and it writes the kubeconfig once it listens there.
        return try await Service.run([command], ports: [], log: folder.file("log").string) {
            for _ in 0..<12_000 where !exists(standIn.kubeconfig) { try await Task.sleep(for: .milliseconds(5)) }
            guard exists(standIn.kubeconfig) else {
                throw Service.NeverStarted(command: command, log: folder.file("log").string)
            }
            return try await body(standIn)
        }
    }

    /// What goes wrong from now on, as the stand-in's README tells: a JSON object.
    package func setFaults(_ json: String) throws {
        let new = FilePath(faults.string + ".new")
        try write(json.utf8, to: new)
        // At once, since it is read at any time.
        _ = try FileManager.default.replaceItem(faults, with: new)
    }
}

extension FileManager {
    fileprivate func replaceItem(_ old: FilePath, with new: FilePath) throws {
        if fileExists(atPath: old.string) { try removeItem(atPath: old.string) }
        try moveItem(atPath: new.string, toPath: old.string)
    }
}
