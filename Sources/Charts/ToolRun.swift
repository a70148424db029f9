internal import Definition
internal import FoundationEssentials
internal import Glibc
internal import Processes
internal import SystemPackage

/// Runs of helm and kubectl for one part of a definition, in a home of their own.
struct ToolRun {
    let tools: RenderingTools
    let home: FilePath
    let location: SourceLocation
    let subject: String

    /// The most that a chart or a kustomization may print: as much as a manifest may have.
    static let outputLimit = 16 << 20

    func fault(_ reason: ChartError.Reason) -> ChartError { ChartError(location, subject, reason) }

    func fault(_ fault: RenderedFault) -> ChartError { self.fault(.unusable(fault.reason)) }

    func helm(_ arguments: [String], fetches: Bool = false) async throws -> String {
        let path = try program(named: tools.helm, ["helm"], option: "--helm")
        return try await run(path, "helm", arguments, fetches: fetches)
    }

    func kustomize(_ folder: FilePath) async throws -> String {
        let path = try program(named: tools.kubectl, ["kubectl", "kustomize"], option: "--kubectl")
        let isKubectl = path.lastComponent?.string != "kustomize"
        return try await run(
            path, isKubectl ? "kubectl" : "kustomize", [isKubectl ? "kustomize" : "build", folder.argument],
            fetches: false)
    }

    private func program(named given: FilePath?, _ names: [String], option: String) throws(ChartError) -> FilePath {
        if let given {
            do { return try Program.path(given).find() } catch { throw fault(.stopped(error)) }
        }
        for name in names {
            // The next name, or the error below, says what there is to say.
            if let found = try? Program.name(name, searchPath: tools.searchPath).find() { return found }
        }
        throw fault(.missing(programs: names, option: option, searchPath: tools.searchPath))
    }

    private func run(
        _ path: FilePath, _ name: String, _ arguments: [String], fetches: Bool
    ) async throws -> String {
        var variables = tools.variables(home: home, fetches: fetches)
        // Kustomize would fetch what it takes for a repository with git.
        if !fetches { variables["PATH"] = home.string }
        let outcome: ChildProcess.Outcome
        do {
            outcome = try await ChildProcess.run(
                .path(path), arguments, environment: variables,
                timeout: fetches ? tools.timeouts.fetch : tools.timeouts.render, outputLimit: Self.outputLimit)
        } catch ProcessFailure.cancelled {
            throw CancellationError()
        } catch {
            throw fault(.stopped(error))
        }
        guard outcome.succeeded else {
            throw fault(
                .failed(
                    program: "\(name) \(arguments.first ?? "")", status: outcome.status,
                    lines: outcome.lastErrorLines(5)))
        }
        guard let text = String(validating: outcome.standardOutput, as: UTF8.self) else {
            throw fault(.unusable("what \(name) printed is not UTF-8"))
        }
        return text
    }
}

/// Runs `body` with a new folder that only this user can read, and removes it again.
func withPrivateFolder<Value>(
    in parent: String, _ body: (FilePath) async throws -> Value
) async throws -> Value {
    var template = Array("\(parent)/sealift-charts.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    let folder = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    // What is left behind in the folder for temporary files harms nobody.
    defer { try? FileManager.default.removeItem(atPath: folder.string) }
    return try await body(folder)
}

extension FilePath {
    /// As an argument that no program takes for an option or a name in a repository.
    var argument: String { isAbsolute || string.hasPrefix("./") || string.hasPrefix("../") ? string : "./\(string)" }
}
