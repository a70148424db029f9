import BundleFormat
import Containerd
import Glibc
import NodeImages
import OCI
import Preflight
import Processes
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import BundleInstaller

/// A bundle without Kubernetes, onto a real containerd and the stand-in's API by the real kubectl: all in this process,
/// all state in a folder of its own.
@Suite(
    .enabled(
        if: KubernetesStandIn.isUsable && ContainerdDaemon.isUsable, "needs root, containerd, kubectl and python3"))
struct InstallationTests {
    /// One host with nothing on it.
    struct Site {
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
    }

    private static func onSite(_ body: (Site) async throws -> Void) async throws {
        let folder = TemporaryDirectory()
        try await ContainerdDaemon.with { socket in
            try await KubernetesStandIn.with { standIn in
                try await body(Site(folder: folder.path, standIn: standIn, socket: socket))
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

    /// `version` of a platform with a secret, a volume, a page, a check and an extra file.
    private static func bundle(_ site: Site, _ version: String, _ names: [String], image: String) throws -> BundleReader
    {
        var bundle = TestBundle(
            version: version, manifest: manifest(names, data: site.folder.appending("volumes/data")))
        bundle.layers += [
            .init(
                "checks/app.yaml", .bundleCheck,
                """
                apiVersion: batch/v1
                kind: Job
                metadata: {name: check-app, namespace: default}
                spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: \(image)}]}}}

                """), .init("files/words.txt", .file, version),
        ]
        bundle.description.stages[0].checks = ["checks/app.yaml"]
        bundle.description.files = [.init(name: "files/words.txt", mode: "0644")]
        bundle.description.parameters = [
            Parameter(name: "word", kind: .string, value: "hello"),
            Parameter(
                name: "password", kind: .string,
                generate: .init(length: 20, format: Parameter.Generator.alphanumeric)),
        ]
        bundle.images = [(image, try TestImage(layers: [500, 800], seed: UInt64(version.utf8.first ?? 1)))]
        return try bundle.write(to: site.folder.appending("bundle-\(version)"))
    }

    private static let old = "registry.example/web:1"
    private static let new = "registry.example/web:2"

    @Test func installsChecksUpgradesAndUninstalls() async throws {
        try await Self.onSite { site in
            try write("mine".utf8, to: site.folder.appending("volumes/data/file"))
            let first = try Self.bundle(site, "1.0.0", ["settings", "old-only"], image: Self.old)
            let texts = Record<String>()
            let (performed, summary) = try await site.run(
                .install, first, explicit: true, ["word": "ahoy"], texts: texts)
            #expect(performed == ["archive", "files", "import", "stage-app", "inventory", "checks"])
            #expect(summary.secrets == ["password"] && summary.secretsFile == site.paths.parameters.string)
            #expect(summary.addresses.map { $0.hasSuffix("/web") } == [true])
            #expect(try contents(of: site.paths.files.appending("words.txt")) == Array("1.0.0".utf8))
            #expect(try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.m}") == "ahoy")
            #expect(try await site.images().contains(Self.old))

            let password = try Parameters(keptAt: site.paths.parameters).values["password"] ?? "none"
            #expect(!texts.all.contains { $0.contains(password) })
            #expect(!String(decoding: try contents(of: site.paths.journal), as: UTF8.self).contains(password))

            #expect(try await site.run(.install, first).performed == ["import", "inventory", "checks"])
            _ = try await site.kubectl("delete", "configmap", "old-only")
            #expect(
                try await site.run(.install, first).performed.contains("stage-app"), "what is gone is applied again")

            let results = Record<String>()
            #expect(try await InstalledPlatform(paths: site.paths).check { results.add("\($0.layer) \($0.name)") })
            #expect(results.all == ["resources valid-app", "resources ready-app", "function check-app"])

            try await Self.upgrades(site, password)
            try await Self.uninstalls(site)
        }
    }

    private static func upgrades(_ site: Site, _ password: String) async throws {
        let second = try bundle(site, "2.0.0", ["settings"], image: new)
        let plan = try await Installation(
            .upgrade, of: second, options: site.options(explicit: false), paths: site.paths
        ).plan()
        let steps = [
            "files", "prepare", "import", "stage-app", "prune", "inventory", "retire", "checks",
        ]
        #expect(plan.map(\.step) == ["preflight", "archive"] + steps)
        let upgraded = try await site.run(.upgrade, second)
        #expect(upgraded.performed == ["archive"] + steps)
        #expect(try await site.kubectl("get", "configmap", "settings", "-o", "jsonpath={.data.m}") == "ahoy")
        #expect(try await site.kubectl("get", "configmap", "old-only", "--ignore-not-found").isEmpty)
        #expect(try Parameters(keptAt: site.paths.parameters).values["password"] == password)
        #expect(try await site.images().filter { $0.contains(":") && !$0.contains("@") } == [new])
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound)

        // Killed after everything but the last line.
        let lines = String(decoding: try contents(of: site.paths.journal), as: UTF8.self).split(separator: "\n")
        try write((lines.dropLast().joined(separator: "\n") + "\n").utf8, to: site.paths.journal)
        #expect(try await !StatusReport(of: InstalledPlatform(paths: site.paths)).isFinished)
        try await site.run(.upgrade, second)
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound)
        try await site.run(.upgrade, second)
        #expect(try await StatusReport(of: InstalledPlatform(paths: site.paths)).isSound, "again, with nothing to do")
    }

    private static func uninstalls(_ site: Site) async throws {
        let platform = try InstalledPlatform(paths: site.paths)
        try await Uninstallation(of: platform, deletesData: false).run { _ in }
        #expect(try await site.kubectl("get", "configmap", "settings", "--ignore-not-found").isEmpty)
        #expect(
            try await site.kubectl("get", "pv", "data", "--ignore-not-found", "-o", "name") == "persistentvolume/data\n"
        )
        #expect(try await site.images().isEmpty)
        #expect(!exists(site.paths.record) && !exists(site.paths.journal) && !exists(site.paths.bundle))
        #expect(!exists(site.paths.kubectlCache))
        #expect(exists(site.paths.parameters), "data can't be read again without it")
        #expect(exists(site.folder.appending("volumes/data/file")))
    }

    @Test func goesOnWhereverItWasCutOff() async throws {
        try await Self.onSite { site in
            let bundle = try Self.bundle(site, "1.0.0", ["settings"], image: Self.old)
            try await site.run(.install, bundle, explicit: true)
            let lines = String(decoding: try contents(of: site.paths.journal), as: UTF8.self).split(separator: "\n")
            #expect(lines.count > 10)
            for count in stride(from: 1, to: lines.count, by: 2) {
                let kept = lines[..<count].joined(separator: "\n") + "\n" + lines[count].prefix(count * 3)
                try write(kept.utf8, to: site.paths.journal)
                try await site.run(.install, bundle)
                #expect(try Journal.read(site.paths.journal).last?.event == .completed, "cut after \(count) lines")
            }
        }
    }

    @Test func whatIsRefusedChangesNothing() async throws {
        try await Self.onSite { site in
            let bundle = try Self.bundle(site, "1.0.0", ["settings"], image: Self.old)
            var options = site.options(explicit: true)
            options.node = nil
            await #expect {
                try await Installation(.install, of: bundle, options: options, paths: site.paths).run { _ in }
            } throws: { "\($0)".contains("--address") }
            await #expect(throws: ParameterError.self) {
                try await site.run(.install, bundle, explicit: true, ["x": "y"])
            }
            var large = TestBundle()
            large.description.requirements.memoryBytes = 1 << 50
            let tooLarge = try large.write(to: site.folder.appending("large"))
            options = site.options(explicit: true)
            options.waived.remove(.memory)
            await #expect {
                try await Installation(.install, of: tooLarge, options: options, paths: site.paths).run { _ in }
            } throws: { error in
                guard case .preflight(["memory"]) = error as? InstallError else { return false }
                return true
            }
            #expect(!exists(site.paths.state))
            #expect(try await site.images().isEmpty)
        }
    }

    @Test func aRemovalThatStoppedIsFinishedFirst() async throws {
        try await Self.onSite { site in
            let bundle = try Self.bundle(site, "1.0.0", ["settings"], image: Self.old)
            try await site.run(.install, bundle, explicit: true)
            // The cluster can't be reached.
            var record = try #require(try InstalledRecord.read(site.paths.record))
            record.kubectl = site.folder.appending("nowhere").string
            try record.write(to: site.paths.record)
            await #expect {
                try await Uninstallation(of: InstalledPlatform(paths: site.paths), deletesData: true).run { _ in }
            } throws: { error in
                (error as? InstallError)?.hint?.contains("delete \(site.paths.state)") == true
            }
            await #expect { try await site.run(.install, bundle, explicit: true) } throws: {
                "\($0)".contains("the removal of sample-1.0.0")
            }
            record.kubectl = KubernetesStandIn.kubectl?.string
            try record.write(to: site.paths.record)
            try await Uninstallation(of: InstalledPlatform(paths: site.paths), deletesData: true).run { _ in }
            #expect(!exists(site.paths.state))
            #expect(!exists(site.folder.appending("volumes/data")))
        }
    }
}
