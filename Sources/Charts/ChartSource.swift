internal import BundleFormat
internal import Definition
internal import FoundationEssentials
internal import OCI
internal import SystemPackage
internal import Threads

/// Gets a chart, and says what it is.
struct ChartSource {
    let run: ToolRun
    let archives: ChartArchives

    /// A chart at hand.
    struct Found: Sendable {
        let path: FilePath
        let name: String
        let version: String
        let content: ImagesLock.File.Content
    }

    /// Takes the chart from the bundle's folder, from what is kept, or from its repository.
    func get(
        _ chart: BundleDefinition.Chart, pinned: ImagesLock.File.Content?, bundle: FilePath
    ) async throws -> Found {
        switch chart.source {
        case .local(let place):
            let (name, version) = try await description(of: place.location)
            return Found(
                path: place.location, name: name, version: version, content: try await digest(place.location, bundle))
        case .repository(let repository, let wanted, let version):
            let (path, content) = try await archive(repository, wanted, version, of: chart, pinned)
            let found = try await description(of: path)
            guard found.name == wanted, Self.isSame(found.version, version) else {
                throw run.fault(.otherChart(wanted: "\(wanted) \(version)", found: "\(found.name) \(found.version)"))
            }
            return Found(path: path, name: found.name, version: found.version, content: content)
        }
    }

    private func archive(
        _ repository: String, _ chart: String, _ version: String, of release: BundleDefinition.Chart,
        _ pinned: ImagesLock.File.Content?
    ) async throws -> (FilePath, ImagesLock.File.Content) {
        if let pinned, let kept = try await archives.find(pinned),
            try await digest(kept, run.home) == pinned
        {
            // Helm tells a packed chart by its name.
            let path = run.home.appending("\(pinned.digest.hex).tgz")
            if !FileManager.default.fileExists(atPath: path.string) {
                try FileManager.default.createSymbolicLink(atPath: path.string, withDestinationPath: kept.string)
            }
            return (path, pinned)
        }
        let folder = run.home.appending("pull-\(release.release)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let isOCI = repository.hasPrefix("oci://")
        var arguments = ["pull", isOCI ? "\(repository)/\(chart)" : chart]
        if !isOCI { arguments += ["--repo", repository] }
        arguments += ["--version", version, "--destination", folder.string]
        let host = repository.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" }
        if isOCI, run.tools.plainHTTPHosts.contains(String(host)) { arguments.append("--plain-http") }
        if let authority = run.tools.certificateAuthorities[String(host)] {
            arguments += ["--ca-file", authority.string]
        }
        _ = try await run.helm(arguments, fetches: true)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.string).filter { $0.hasSuffix(".tgz") }
        guard let name = names.first, names.count == 1 else {
            throw run.fault(.unusable("helm pull left \(names.count) charts where one was expected"))
        }
        let path = folder.appending(name)
        let content = try await digest(path, folder)
        try await archives.keep(path, content)
        return (path, content)
    }

    private func description(of chart: FilePath) async throws -> (name: String, version: String) {
        let text = try await run.helm(["show", "chart", chart.argument])
        let node: YAMLNode?
        do { node = try YAMLNode.documents(in: text, file: "Chart.yaml").first } catch {
            throw run.fault(.unusable("its Chart.yaml can't be read: \(error)"))
        }
        guard let name = node?["name"]?.text, let version = node?["version"]?.text else {
            throw run.fault(.unusable("its Chart.yaml has no name and version"))
        }
        return (name.printable(limit: 200), version.printable(limit: 200))
    }

    private func digest(_ path: FilePath, _ bundle: FilePath) async throws -> ImagesLock.File.Content {
        do {
            return try await onThread("hash") { () throws(ContentFault) in try contentDigest(of: path, in: bundle) }
        } catch {
            switch error {
            case .leavesFolder(let path): throw run.fault(.leavesFolder(path))
            case .tooLarge(let what): throw run.fault(.tooLarge(what))
            case .unreadable(let path, let why): throw run.fault(.unreadable(path: path, why: why))
            }
        }
    }

    /// Some repositories write a `v` before versions, some charts don't.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one.drop { $0 == "v" } == other.drop { $0 == "v" }
    }
}
