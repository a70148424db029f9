internal import BundleFormat
package import Definition
internal import FoundationEssentials
internal import OCI
internal import SystemPackage
internal import Threads

/// Makes manifests of the charts and kustomizations of a definition, with the user's own helm and kubectl.
package struct ChartRendering: Sendable {
    private let tools: RenderingTools
    private let archives: ChartArchives
    private let locked: ImagesLock

    /// What came of it.
    package struct Result: Sendable {
        /// With the manifests among those of its stages.
        package let definition: BundleDefinition
        /// The charts as the lock is to have them, each with its content.
        package let charts: [ImagesLock.File]
    }

    /// - Parameters:
    ///   - tools: the programs, and what they get to see.
    ///   - archives: where charts of repositories are kept.
    ///   - locked: what pins them; a chart that is pinned and kept is not fetched.
    package init(tools: RenderingTools, archives: ChartArchives, locked: ImagesLock) {
        self.tools = tools
        self.archives = archives
        self.locked = locked
    }

    /// Runs the tools for all stages of `definition`; throws ``ChartError`` where one fails or gives what can't be used.
    package func render(_ definition: BundleDefinition) async throws -> Result {
        guard definition.needsRendering else { return Result(definition: definition, charts: []) }
        let parent = tools.environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        return try await withPrivateFolder(in: parent) { home in
            var files: [String: [BundleFile]] = [:]
            var charts: [ImagesLock.File] = []
            var remarks: [BundleDefinition.Remark] = []
            for stage in definition.stages {
                for kustomization in stage.kustomizations {
                    files[stage.name, default: []].append(
                        try await render(kustomization, of: stage, definition, home: home))
                }
                for chart in stage.charts {
                    let run = ToolRun(
                        tools: tools, home: home, location: definition.location(line: chart.line),
                        subject: "chart \(chart.release)")
                    let result = try await render(chart, of: stage, definition, run)
                    files[stage.name, default: []].append(result.file)
                    charts.append(result.locked)
                    remarks += result.remarks.map { .init(run.location, "chart \(chart.release): \($0)") }
                }
            }
            return Result(definition: definition.adding(files, remarks: remarks), charts: charts)
        }
    }

    private func render(
        _ kustomization: BundleDefinition.Kustomization, of stage: BundleDefinition.Stage,
        _ definition: BundleDefinition, home: FilePath
    ) async throws -> BundleFile {
        let folder = kustomization.folder
        let run = ToolRun(
            tools: tools, home: home, location: definition.location(line: folder.line),
            subject: "kustomization \(folder.path)")
        do { try KustomizationSources(bundle: definition.folder).require(localBelow: folder.location) } catch {
            throw run.fault(error.reason)
        }
        let name = folder.path == "." ? "bundle" : folder.path
        let path = "kustomize/\(stage.name)/\(name).yaml"
        try requireFree(path, in: definition, run)
        let text = try await run.kustomize(folder.location)
        let documents: [RenderedDocument]
        do { documents = try RenderedDocument.all(in: text, of: run.subject) } catch { throw run.fault(error) }
        guard !documents.isEmpty else { throw run.fault(.unusable("it gives no objects")) }
        return BundleFile(
            path: path, location: definition.folder.appending(path), line: folder.line, rendered: text, templates: [])
    }

    private func render(
        _ chart: BundleDefinition.Chart, of stage: BundleDefinition.Stage, _ definition: BundleDefinition,
        _ run: ToolRun
    ) async throws -> (file: BundleFile, locked: ImagesLock.File, remarks: [String]) {
        let path = chart.manifestPath(in: stage)
        try requireFree(path, in: definition, run)
        let source = try await ChartSource(run: run, archives: archives).get(
            chart, pinned: pin(of: chart, in: stage, definition), bundle: definition.folder)
        let title = "\(source.name) \(source.version) (\(source.content.digest))"
        let arguments = try template(chart, source.path, run)
        // Twice at once: what comes out differently would make another bundle of the same lock.
        async let first = run.helm(arguments)
        async let second = run.helm(arguments)
        let (output, other) = (try await first, try await second)
        var manifest: ChartManifest
        do {
            manifest = try ChartManifest(output, of: chart, title: title)
            if output != other {
                let again = try ChartManifest(other, of: chart, title: title)
                if let line = firstDifference(manifest.text, again.text) {
                    throw run.fault(.random(line: line, template: manifest.templates.last { $0.line <= line }?.name))
                }
            }
        } catch let fault as RenderedFault { throw run.fault(fault) }
        let file = BundleFile(
            path: path, location: definition.folder.appending(path), line: chart.line, rendered: manifest.text,
            templates: manifest.templates)
        let locked = ImagesLock.File(
            name: chart.lockName(in: stage), bundle: definition.name, platform: nil, source: chart.lockSource,
            content: source.content)
        return (file, locked, manifest.remarks + (try unusedParameters(chart, in: manifest.text, run)))
    }

    private func template(
        _ chart: BundleDefinition.Chart, _ path: FilePath, _ run: ToolRun
    ) throws -> [String] {
        var arguments = [
            "template", chart.release, path.argument, "--namespace", chart.namespace, "--kube-version",
            chart.kubernetesVersion, "--include-crds",
        ]
        for version in chart.apiVersions { arguments += ["--api-versions", version] }
        if let values = chart.values {
            let file = run.home.appending("values-\(chart.release).yaml")
            try Data(values.encoded().utf8).write(to: URL(filePath: file.string))
            arguments += ["--values", file.string]
        }
        return arguments
    }

    /// What the user wanted to be chosen at installation, and can't be.
    private func unusedParameters(
        _ chart: BundleDefinition.Chart, in text: String, _ run: ToolRun
    ) throws(ChartError) -> [String] {
        var remarks: [String] = []
        let (names, used): ([String], Set<String>)
        do { (names, used) = (try Placeholders.names(in: chart.values), try ParameterExpansion.names(in: text)) } catch
        {
            throw run.fault(.unusable("\(error)"))
        }
        for name in names {
            guard !Placeholders.isEncoded(chart.values, name, in: text) else {
                throw run.fault(.encoded(parameter: name))
            }
            if !used.contains(name) {
                remarks.append("parameter '\(name)' stands in its values and nowhere in what it gives")
            }
        }
        return remarks
    }

    private func pin(
        of chart: BundleDefinition.Chart, in stage: BundleDefinition.Stage, _ definition: BundleDefinition
    ) -> ImagesLock.File.Content? {
        locked.files(for: definition.name).first {
            $0.name == chart.lockName(in: stage) && $0.source == chart.lockSource
        }?.content
    }

    private func requireFree(_ path: String, in definition: BundleDefinition, _ run: ToolRun) throws(ChartError) {
        guard definition.manifestsAndChecks.contains(where: { $0.path == path && !$0.isRendered }) else { return }
        throw run.fault(.taken(path))
    }

    private func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    private func firstDifference(_ one: String, _ other: String) -> Int? {
        let (left, right) = (lines(one), lines(other))
        if let index = zip(left, right).enumerated().first(where: { $1.0 != $1.1 })?.offset { return index + 1 }
        return left.count == right.count ? nil : min(left.count, right.count) + 1
    }
}
