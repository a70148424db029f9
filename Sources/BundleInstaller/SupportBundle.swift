internal import BundleFormat
package import Cluster
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import Preflight
internal import Processes
package import SystemPackage

/// Gathers what somebody far away needs to understand this host: journal, versions, preflight, states, events, logs.
///
/// Values that were generated, and those whose parameters' names say that they are secret, are taken out of everything;
/// only values of fewer than four characters are not.
package struct SupportBundle {
    private let paths: InstallerPaths
    private let k0sPaths: K0sPaths

    package init(paths: InstallerPaths = .host, k0sPaths: K0sPaths = K0sPaths()) {
        self.paths = paths
        self.k0sPaths = k0sPaths
    }

    /// Writes the archive to `path`; what can't be gathered is told in its place. Throws where there are secrets that
    /// can't be read, and so not be taken out.
    package func write(to path: FilePath, report: (String) -> Void) async throws {
        var archive = SupportArchive(without: try secrets())
        report("versions")
        archive.add("versions.txt", versions().utf8)
        for (name, file) in [("journal.jsonl", paths.journal), ("installed.json", paths.record)] {
            archive.add(name, try StateFile.read(file).map { Array($0) } ?? Array("there is none\n".utf8))
        }
        report("preflight")
        archive.add("preflight.txt", await preflight().utf8)
        let platform = try? InstalledPlatform(paths: paths, k0sPaths: k0sPaths)  // nothing installed: less to tell
        // A worker may not ask the API.
        if let platform, !platform.record.isWorker {
            report("the cluster")
            for (name, bytes) in try await ClusterSnapshot(platform.kubectl).gather() {
                archive.add("cluster/\(name)", bytes)
            }
        }
        report("logs")
        for (name, program, arguments) in commands {
            archive.add(name, try await output(of: program, arguments).utf8)
        }
        try archive.write(to: path, folder: "sealift-support")
    }

    private var commands: [(String, Program, [String])] {
        [
            ("host/images.txt", .path(k0sPaths.binary), ["ctr", "images", "ls"]),
            ("host/k0s-status.json", .path(k0sPaths.binary), ["status", "-o", "json"]),
            ("host/k0scontroller.log", .name("journalctl"), ["-u", "k0scontroller", "-n", "2000", "--no-pager"]),
            ("host/k0sworker.log", .name("journalctl"), ["-u", "k0sworker", "-n", "2000", "--no-pager"]),
            ("host/kernel.log", .name("dmesg"), ["--level=emerg,alert,crit,err,warn"]),
            ("host/disks.txt", .name("df"), ["-h"]),
            ("host/addresses.txt", .name("ip"), ["addr"]),
            ("host/routes.txt", .name("ip"), ["route"]),
        ]
    }

    private func secrets() throws -> Secrets {
        do {
            return try Parameters(keptAt: paths.parameters).secrets
        } catch InstallError.notInstalled {
            return Secrets([])
        }
    }

    private func versions() -> String {
        var names = utsname()
        uname(&names)
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { bytes in String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) }
        }
        let kernel = "\(text(names.sysname)) \(text(names.release)) \(text(names.version)) \(text(names.machine))"
        return "sealift-installer \(SealiftVersion.current)\n\(kernel)\n"
    }

    private func preflight() async -> String {
        let options = PreflightOptions(isInstalled: true, stateDirectory: paths.state)
        return await Preflight.run(PreflightNeeds(), options).text
    }

    private func output(of program: Program, _ arguments: [String]) async throws -> String {
        do throws(ProcessFailure) {
            let outcome = try await ChildProcess.run(program, arguments, timeout: .seconds(60))
            return outcome.text + (outcome.succeeded ? "" : "\n\(outcome.status)\n\(outcome.standardError)")
        } catch {
            if case .cancelled = error { throw CancellationError() }
            return "\(error)\n"
        }
    }
}
