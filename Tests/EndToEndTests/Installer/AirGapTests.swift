import SystemPackage
import TestSupport
import Testing

/// The installer never opens a network socket, and needs no network interface.
@Suite(
    .enabled(if: Executables.canIsolate, Executables.isolationNeed),
    .enabled(if: Executables.areInstalled("strace"), "needs strace"))
struct AirGapTests {
    /// The kinds of sockets that a program made, in any of its threads and processes up to their `execve`: what kubectl
    /// or k0s do is theirs.
    private func families(_ trace: String) -> Set<String> {
        Set(
            trace.split(separator: "\n").compactMap { line -> String? in
                for call in [" socket(", " socketpair(", " io_uring_setup("] {
                    guard let start = line.ranges(of: call).first?.upperBound else { continue }
                    return call == " io_uring_setup(" ? "io_uring" : String(line[start...].prefix { $0 != "," })
                }
                return nil
            })
    }

    private static let strace =
        "strace -f -qq -b execve -e trace=socket,socketpair,io_uring_setup -e signal=none"

    /// Runs `command` in a mount namespace of its own; returns how it ended, and the sockets that it made.
    private func trace(
        _ bundle: PackedBundle, _ command: [String]
    ) async throws -> (run: SealiftRun, families: Set<String>) {
        let run = try await bundle.isolated(
            #"\#(Self.strace) -o "$work/trace" "$@""#, command)
        let trace = String(decoding: try contents(of: bundle.place.file("work/trace")), as: UTF8.self)
        return (run, families(trace))
    }

    private func installer(_ bundle: PackedBundle, _ verb: String, _ more: [String] = []) -> [String] {
        [Executables.installer.string, verb, bundle.archive.string] + more
    }

    @Test func theTraceSeesNetworkSockets() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let own = try await trace(bundle, ["/bin/bash", "-c", "(exec 3<>/dev/udp/127.0.0.1/9); true"])
        #expect(own.families.contains("AF_INET"), "\(own.run.transcript)")
        let child = try await trace(bundle, ["/bin/sh", "-c", "/bin/bash -c 'exec 3<>/dev/udp/127.0.0.1/9'; true"])
        #expect(!child.families.contains("AF_INET"), "\(child.run.transcript)")
    }

    @Test(arguments: ["verify": 0, "inspect": 0, "preflight": nil]) func looksWithoutASocket(
        _ verb: String, _ code: Int?
    ) async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let (run, families) = try await trace(bundle, installer(bundle, verb))
        // Whether this host is fit is not the question.
        #expect(code.map { run.code == $0 } ?? [0, 65].contains(run.code), "\(run.transcript)")
        #expect(families.subtracting(["AF_UNIX"]).isEmpty, "\(families)")
        if verb != "preflight" { #expect(families.isEmpty) }
    }

    @Test(.enabled(if: ForeignCluster.isUsable, ForeignCluster.need)) func installsOverUnixSocketsOnly() async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ForeignCluster.with { arguments, socket in
            for (verb, more) in [
                ("import", ["--address", socket.string]), ("verify", ["--node", "--address", socket.string]),
            ] {
                let (run, families) = try await trace(bundle, installer(bundle, verb, more))
                #expect(run.code == 0, "\(run.transcript)")
                #expect(families == ["AF_UNIX"], "\(verb): \(families)")
            }
            let run = try await bundle.isolated(
                """
                traced() { \(Self.strace) -o "$work/$1" "$installer" "$@" || exit 97; }
                traced install "$archive" "$@"
                traced status
                traced check
                traced support-bundle --output "$work/support.tar.zst"
                traced uninstall --yes
                """, arguments)
            #expect(run.code == 0, "\(run.transcript)")
            for verb in ["install", "status", "check", "support-bundle", "uninstall"] {
                let trace = String(decoding: try contents(of: bundle.place.file("work/\(verb)")), as: UTF8.self)
                #expect(families(trace).subtracting(["AF_UNIX"]).isEmpty, "\(verb): \(families(trace))")
                if verb == "install" { #expect(families(trace) == ["AF_UNIX"]) }
            }
        }
    }

    @Test(.enabled(if: ContainerdDaemon.isUsable, "needs containerd")) func worksWithEveryInterfaceDown() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        try await ContainerdDaemon.with { socket in
            for (verb, more) in [
                ("verify", []), ("inspect", []), ("import", ["--address", socket.string]),
                ("verify", ["--node", "--address", socket.string]),
            ] {
                let command = ["unshare", "--net"] + installer(bundle, verb, more)
                let run = try await bundle.place.run(command)
                #expect(run.code == 0, "\(verb): \(run.transcript)")
            }
            let look = try await bundle.place.run(["unshare", "--net"] + installer(bundle, "preflight"))
            #expect(look.code == 65 && look.output.contains("default-route"), "\(look.transcript)")
        }
    }
}
