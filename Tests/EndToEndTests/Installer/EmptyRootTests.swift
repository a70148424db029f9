import SystemPackage
import TestSupport
import Testing

/// A root folder that holds the installer, a bundle and /proc: no library, no shell, no /etc, no /var.
@Suite(.enabled(if: Executables.canIsolate, Executables.isolationNeed))
struct EmptyRootTests {
    /// Runs the installer in such a root; the bundle is `/bundle`, and what is at `socket` is `/socket`.
    private func inside(
        _ bundle: PackedBundle, _ arguments: [String], socket: FilePath? = nil
    ) async throws -> SealiftRun {
        try await bundle.isolated(
            """
            mount -t tmpfs none "$work" && mkdir "$work/proc" && mount --bind /proc "$work/proc" || exit 98
            cp "$installer" "$work/sealift-installer" && cp "$archive" "$work/bundle" || exit 98
            if [ -n "$1" ]; then touch "$work/socket" && mount --bind "$1" "$work/socket" || exit 98; fi
            shift
            chroot "$work" /sealift-installer "$@"
            """, [socket?.string ?? ""] + arguments)
    }

    @Test func everyVerbExplainsItself() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let version = try await inside(bundle, ["--version"])
        #expect(version.code == 0, "\(version.transcript)")
        let help = try await inside(bundle, ["--help"])
        #expect(help.code == 0, "\(help.transcript)")
        let verbs = help.lines.drop { $0 != "OPTIONS:" }.prefix { $0 != "EXIT STATUS:" }.filter { $0.hasPrefix("  ") }
            .compactMap { line in line.dropFirst(2).first == " " ? nil : line.split(separator: " ").first }
            .filter { !$0.hasPrefix("-") }.map(String.init)
        #expect(verbs.count >= 10, "\(help.output)")
        for verb in verbs {
            let run = try await inside(bundle, [verb, "--help"])
            #expect(run.code == 0 && run.output.contains("USAGE: sealift-installer \(verb)"), "\(run.transcript)")
        }
    }

    @Test func readsAndProvesABundle() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let verify = try await inside(bundle, ["verify", "/bundle"])
        #expect(verify.code == 0 && verify.output.hasPrefix("ok: tiny 1.0.0: 1 images"), "\(verify.transcript)")
        let inspect = try await inside(bundle, ["inspect", "/bundle"])
        #expect(inspect.code == 0 && inspect.output.contains("docker.io/library/busybox:1.35.0"))
    }

    @Test func preflightFindsWhatIsMissing() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let run = try await inside(bundle, ["preflight", "/bundle"])
        #expect(run.code == 65, "\(run.transcript)")
        #expect(run.errors.contains("this host fails the checks "), "\(run.transcript)")
        let results = Dictionary(
            run.lines.map { $0.split(separator: " ", omittingEmptySubsequences: true) }.filter { $0.count > 1 }
                .map { (String($0[1]), String($0[0])) }, uniquingKeysWith: { first, _ in first })
        #expect(results["root"] == "ok")
        #expect(results["tools"] == "FAIL", "\(run.output)")
        #expect(results["k0s-sysinfo"] == "FAIL", "\(run.output)")
    }

    @Test(arguments: ["status", "check"]) func saysThatNothingIsInstalled(_ verb: String) async throws {
        let run = try await inside(try await PackedBundle(try .tiny()), [verb])
        #expect(run.code == 66, "\(run.transcript)")
        #expect(run.errors.contains("nothing is installed here"))
        #expect(run.errors.contains("hint: install a bundle with"))
    }

    @Test func supportBundleHoldsWhatThereIs() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let run = try await inside(bundle, ["support-bundle", "--output", "/proc/self/cwd/support.tar.zst"])
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.lines == ["/proc/self/cwd/support.tar.zst"])
    }

    @Test func installSaysWhatIsMissingAndChangesNothing() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let run = try await inside(bundle, ["install", "/bundle"])
        #expect((65...66).contains(run.code), "\(run.transcript)")
        #expect(run.errors.contains("error: "))
        #expect(!run.errors.contains("bug of Sealift"), "\(run.transcript)")
    }

    @Test(.enabled(if: ContainerdDaemon.isUsable, "needs containerd")) func importsThroughASocket() async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ContainerdDaemon.with { socket in
            let before = try await inside(
                bundle, ["verify", "--node", "/bundle", "--address", "/socket"], socket: socket)
            #expect(before.code == 65 && before.output.contains("0 of 1 images"), "\(before.transcript)")
            let run = try await inside(bundle, ["import", "/bundle", "--address", "/socket"], socket: socket)
            #expect(run.code == 0 && run.output.contains("imported tiny 1.0.0: 1 images"), "\(run.transcript)")
            let after = try await inside(
                bundle, ["verify", "--node", "/bundle", "--address", "/socket"], socket: socket)
            #expect(after.code == 0 && after.output.contains("1 of 1 images"), "\(after.transcript)")
        }
    }

    @Test(arguments: ["import", "verify --node"]) func saysThatNobodyListens(_ verb: String) async throws {
        let bundle = try await PackedBundle(try .tiny())
        let words = verb.split(separator: " ").map(String.init) + ["/bundle"]
        let none = try await inside(bundle, words)
        #expect(none.code == 69 && none.errors.contains("no containerd found"), "\(none.transcript)")
        let dead = try await inside(bundle, words + ["--address", "/proc/none.sock"])
        #expect(dead.code == 69, "\(dead.transcript)")
        #expect(dead.errors.contains("can't connect to containerd at /proc/none.sock"), "\(dead.transcript)")
        #expect(dead.errors.contains("hint: is containerd running, and is this its socket?"), "\(dead.transcript)")
        #expect(dead.errors.split(separator: "\n").filter { $0.hasPrefix("hint: ") }.count == 1, "\(dead.transcript)")
    }
}
