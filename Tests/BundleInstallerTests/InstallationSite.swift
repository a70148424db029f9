import BundleFormat
import Containerd
import NodeImages
import Preflight
import Processes
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import BundleInstaller

/// One host with nothing on it but a containerd and a cluster: all in this process, all state in a folder of its own.
struct InstallationSite {
    let folder: FilePath
    let standIn: KubernetesStandIn
    let socket: FilePath
    var paths: InstallerPaths { InstallerPaths(state: folder.appending("state"), lock: folder.appending("lock")) }

    /// `explicit` is what the operator says the first time, and need not say again.
    func options(explicit: Bool, _ overrides: [String: String] = [:]) -> InstallOptions {
        var options = InstallOptions(
            overrides: overrides, waived: Set(CheckName.allCases), unpacks: false, workers: 2)
        guard explicit else { return options }
        options.node = NodeOptions(socket: socket)
        options.kubectl = KubernetesStandIn.kubectl
        options.kubeconfig = standIn.kubeconfig
        return options
    }

    /// Installs; returns the names of the steps that were performed.
    @discardableResult
    func run(
        _ kind: Installation.Kind, _ bundle: BundleReader, explicit: Bool = false,
        _ overrides: [String: String] = [:],
        texts: Record<String> = Record()
    ) async throws -> (performed: [String], summary: InstallSummary) {
        let begun = Record<String>()
        let installation = try Installation(
            kind, of: bundle, options: options(explicit: explicit, overrides), paths: paths)
        let summary = try await installation.run { event in
            if case .began(let step, _, _, _) = event { begun.add(step) }
            texts.add("\(event)")
        }
        return (begun.all, summary)
    }

    func kubectl(_ arguments: String...) async throws -> String {
        let outcome = try await ChildProcess.run(
            .path(KubernetesStandIn.kubectl ?? "/nowhere/kubectl"),
            ["--kubeconfig", standIn.kubeconfig.string, "--cache-dir=\(folder.appending("cache"))"] + arguments,
            timeout: .seconds(60))
        #expect(outcome.succeeded, "\(outcome.standardError)")
        return outcome.text
    }

    func images() async throws -> [String] {
        try await onThread("images") {
            try ContainerdConnection(socket: socket, namespace: "k8s.io").images().map(\.name).sorted()
        }
    }

    static func with(_ body: (InstallationSite) async throws -> Void) async throws {
        let folder = TemporaryDirectory()
        try await ContainerdDaemon.with { socket in
            try await KubernetesStandIn.with { standIn in
                try await body(InstallationSite(folder: folder.path, standIn: standIn, socket: socket))
            }
        }
    }

    private static func manifest(_ names: [String], data: FilePath) -> String {
        names.map {
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \($0), namespace: default}\ndata: {m: '${{ word }}'}\n"
        }
        .joined(separator: "---\n") + """
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: login, namespace: default}
            stringData: {password: "${{ password }}"}
            ---
            apiVersion: v1
            kind: PersistentVolume
            metadata: {name: data}
            spec: {capacity: {storage: 1Mi}, accessModes: [ReadWriteOnce], hostPath: {path: \(data)}}
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: web, namespace: default}
            spec: {rules: [{http: {paths: [{path: /web, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}

            """
    }

    /// `version` of a platform with a secret, a volume, a page, a check and extra files; `more` is more of its manifest.
    func bundle(_ version: String, _ names: [String], image: String, more: String = "") throws -> BundleReader {
        var bundle = TestBundle(
            version: version, manifest: Self.manifest(names, data: folder.appending("volumes/data")) + more)
        bundle.layers += [
            .init(
                "checks/app.yaml", .bundleCheck,
                """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: check-app, namespace: default}
                spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: \(image)}]}}}

                """)
        ]
        bundle.description.stages[0].checks = ["checks/app.yaml"]
        // Between versions a file becomes a folder, and a folder a file.
        let turning = version == "1.0.0" ? ["one", "two/inner"] : ["one/inner", "two"]
        for name in ["words.txt", "\(version)/own"] + turning {
            bundle.layers.append(.init("files/\(name)", .file, version))
            bundle.description.files.append(.init(name: "files/\(name)", mode: "0644"))
        }
        bundle.description.parameters = [
            Parameter(name: "word", kind: .string, value: "hello"),
            Parameter(
                name: "password", kind: .string,
                generate: .init(length: 20, format: Parameter.Generator.alphanumeric)),
        ]
        bundle.images = [(image, try TestImage(layers: [500, 800], seed: UInt64(version.utf8.first ?? 1)))]
        return try bundle.write(to: folder.appending("bundle-\(version)"))
    }

    static let old = "registry.example/web:1"
    static let new = "registry.example/web:2"
}
