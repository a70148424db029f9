package import Definition
internal import OCI
package import Processes

/// Why no manifests could be made of a chart or a kustomization.
package struct ChartError: Error, Sendable {
    /// What went wrong.
    package enum Reason: Sendable {
        /// None of the programs is there.
        case missing(programs: [String], option: String, searchPath: String)
        /// It ran and failed; its last words.
        case failed(program: String, status: ChildProcess.Status, lines: [String])
        /// It could not be run to its end: its time was over, or it printed without end.
        case stopped(ProcessFailure)
        /// The repository gave another chart than was asked for.
        case otherChart(wanted: String, found: String)
        /// What it printed is not what Kubernetes could take.
        case unusable(String)
        /// Two runs gave two results.
        case random(line: Int, template: String?)
        /// A chart wrote a parameter's placeholder in a form in which nothing can take its place.
        case encoded(parameter: String)
        /// A kustomization takes something from a network.
        case remote(String, in: String)
        /// Something leads out of the bundle's folder.
        case leavesFolder(String)
        case tooLarge(String)
        /// The bundle has a file where the manifests would be.
        case taken(String)
        /// What the lock pins is something else.
        case unreadable(path: String, why: String)
    }

    /// Where the definition asks for it.
    package let location: SourceLocation
    /// What was being rendered: `chart web`, `kustomization overlays/site`.
    package let subject: String
    package let reason: Reason

    init(_ location: SourceLocation, _ subject: String, _ reason: Reason) {
        self.location = location
        self.subject = subject
        self.reason = reason
    }
}

extension ChartError: CustomStringConvertible {
    package var description: String { "\(location): can't render \(subject): \(sentence)" }

    private var sentence: String {
        switch reason {
        case .missing(let programs, _, let searchPath):
            "it takes \(programs.joined(separator: " or ")), which is in none of \(searchPath)"
        case .failed(let program, let status, let lines):
            "\(program) ended with \(status)"
                + (lines.isEmpty ? "" : ":\n" + lines.map { "  \($0.printable())" }.joined(separator: "\n"))
        case .stopped(let failure): "\(failure)"
        case .otherChart(let wanted, let found): "\(wanted) was asked for, and \(found.printable()) came"
        case .unusable(let why): why
        case .random(let line, let template):
            "a second run gave something else, first in line \(line)\(template.map { " (\($0.printable()))" } ?? "")"
        case .encoded(let parameter):
            "it encodes the placeholder of '\(parameter)' in base64, so no value can take its place"
        case .remote(let what, let file): "\(file) takes '\(what.printable())' from a network"
        case .leavesFolder(let path): "'\(path.printable())' leads out of the bundle's folder"
        case .tooLarge(let what): "\(what)"
        case .taken(let path): "the bundle has a file \(path) already, where its manifests would be"
        case .unreadable(let path, let why): "\(path): \(why)"
        }
    }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch reason {
        case .missing(let programs, let option, _):
            programs.contains("helm")
                ? "Debian has no package of it: take the release of helm's own site, and put it into PATH or name it with \(option) FILE"
                : "install kubectl (kubernetes-client of Debian, or the release of kubernetes.io), or name it with \(option) FILE"
        case .failed(_, _, let lines):
            lines.contains { $0.contains("missing in charts/") }
                ? "run 'helm dependency build' in the chart's folder: a build fetches no dependencies" : nil
        case .stopped(.timedOut), .stopped(.outputTooLarge), .stopped(.cancelled): nil
        case .stopped: "name the program with --helm FILE or --kubectl FILE"
        case .otherChart: "write chart and version as the repository has them"
        case .unusable: nil
        case .random:
            "the chart makes up values (randAlphaNum, genCA, now): give them in values:, as \"${{ parameter }}\" where each installation needs its own"
        case .encoded:
            "have the chart use a Secret of your own (existingSecret or the like), with stringData in manifests:"
        case .remote: "copy it into the bundle's folder: what a network gives may be another thing tomorrow"
        case .leavesFolder: "copy what is needed into the bundle's folder"
        case .tooLarge: nil
        case .taken: "name the release otherwise, or move the file"
        case .unreadable: nil
        }
    }

    /// Whether another try could help, or another machine: a program or a repository was not to be had.
    package var isUnavailable: Bool {
        switch reason {
        case .missing: true
        case .failed(let program, _, _): program.hasSuffix(" pull")
        default: false
        }
    }
}
