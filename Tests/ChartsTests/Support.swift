import Charts
import Definition
import DefinitionTestSupport
import FoundationEssentials
import SystemPackage
import TestSupport

/// Programs that these tests run.
enum RealTools {
    /// `scripts/fetch-test-parts` gets it.
    static let helm = ProcessInfo.processInfo.environment["SEALIFT_HELM"]
    static let kubectl = ProcessInfo.processInfo.environment["SEALIFT_KUBECTL"]
}

/// The files of a chart `web` with a Deployment, hooks of all kinds, a definition and an object of it.
let webChart = [
    "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n",
    "values.yaml": "image: nginx:1.25\nreplicas: 1\nmessage: hello\nextra: {a: 1, b: 2}\n",
    "crds/thing.yaml": """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata: {name: things.example.com}
    spec: {group: example.com, scope: Cluster, names: {kind: Thing, plural: things}, versions: []}

    """,
    "templates/thing.yaml": "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one}\n",
    "templates/web.yaml": """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: {{ .Release.Name }}
      labels: {kube: "{{ .Capabilities.KubeVersion.Version }}", extra: "{{ .Values.extra }}"}
    spec:
      replicas: {{ .Values.replicas }}
      template:
        spec:
          containers:
            - name: web
              image: {{ .Values.image | quote }}
              env: [{name: MESSAGE, value: {{ .Values.message | quote }}}]

    """,
    "templates/hooks.yaml": ["pre-install", "post-install", "pre-delete", "test"].map { hook in
        """
        ---
        apiVersion: batch/v1
        kind: Job
        metadata: {name: at-\(hook), annotations: {"helm.sh/hook": \(hook)}}
        spec: {template: {spec: {containers: [{name: c, image: "busybox:1.36"}]}}}

        """
    }.joined(),
]

/// A bundle `demo` of one stage, `core`, whose keys are `stage`.
func demoBundle(_ stage: String, _ files: [String: String] = [:], more: String = "") -> [String: String] {
    let definition = """
        apiVersion: sealift/v1
        kind: Bundle
        metadata: {name: demo, version: 1.0.0}
        platforms: [linux/amd64]
        parameters: [{name: greeting, default: hi}, {name: size, default: "2"}]
        stages:
          - name: core
        \(stage)
        \(more)
        """
    return files.merging(["bundle.yaml": definition]) { $1 }
}

/// `files` below `folder`.
func below(_ folder: String, _ files: [String: String]) -> [String: String] {
    Dictionary(files.map { ("\(folder)/\($0.key)", $0.value) }) { $1 }
}

/// Renders a bundle of `files`; `tools` may be changed before.
func rendered(
    _ files: [String: String], locked: ImagesLock = ImagesLock(), archives: ChartArchives = .none,
    _ change: (inout RenderingTools, FilePath) throws -> Void = { _, _ in }
) async throws -> ChartRendering.Result {
    let folder = TemporaryDirectory()
    for (path, text) in files { try write(text.utf8, to: folder.file(path)) }
    var tools = RenderingTools(
        helm: RealTools.helm.map { FilePath($0) }, kubectl: RealTools.kubectl.map { FilePath($0) },
        environment: ProcessInfo.processInfo.environment)
    try change(&tools, folder.path)
    return try await ChartRendering(tools: tools, archives: archives, locked: locked).render(
        try BundleDefinition(at: folder.path))
}

/// The error of rendering; its text starts behind the folder's name.
func failure(
    _ files: [String: String], _ change: (inout RenderingTools, FilePath) throws -> Void = { _, _ in }
) async throws -> (text: String, hint: String?)? {
    do {
        _ = try await rendered(files, change)
        return nil
    } catch let error as ChartError {
        let text = "\(error)"
        return (text.firstRange(of: "bundle.yaml").map { String(text[$0.lowerBound...]) } ?? text, error.hint)
    }
}

/// Writes a script that stands for a tool, which gets no `PATH`.
func tool(_ script: String, in folder: FilePath) throws -> FilePath {
    let path = folder.appending("tool")
    try write("#!/bin/sh\nPATH=/usr/bin:/bin\n\(script)\n".utf8, to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path.string)
    return path
}
