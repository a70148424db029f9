import SystemPackage
import TestSupport
import Testing

/// A bundle on a disk that can't read some of its bytes.
@Suite(
    .enabled(if: ForeignCluster.isUsable, ForeignCluster.need),
    .enabled(if: exists("/dev/fuse"), "needs FUSE in the kernel"))
struct FailingDiskTests {
    /// Mounts the archive at `$bundle`; of its bytes 4096 in its largest layer, from `$bad` on, can't be read.
    private static let disk = """
        size=$(stat -c %s "$archive") bad=$(($(stat -c %s "$archive") / 2))
        setpriv --pdeathsig KILL /usr/bin/python3 -B "$1" "$archive" "$work" $bad $((bad + 4096)) &
        shift
        bundle=$work/${archive##*/}
        until [ -e "$bundle" ]; do kill -0 $! || exit 98; sleep 0.02; done

        """
    private static let program = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent().appending("TestSupport/Scripts/failing-disk.py").string

    /// What must be said: which bytes of which file, and what to do.
    private func expectDiagnosis(_ run: SealiftRun, _ bundle: PackedBundle, code: Int = 74) {
        let path = bundle.place.file("work").appending(bundle.sample.archive)
        let size = (try? contents(of: bundle.archive).count) ?? 0  // the test fails below where it can't be read
        #expect(run.code == code, "\(run.transcript)")
        let expected = "can't read bytes \(size / 2) to "
        #expect(run.errors.contains(expected), "\(expected): \(run.transcript)")
        #expect(run.errors.contains(" of \(path): Input/output error"), "\(run.transcript)")
        #expect(run.errors.contains("hint: the disk or medium is failing"), "\(run.transcript)")
    }

    @Test func verifyNamesTheBytes() async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        let run = try await bundle.isolated(Self.disk + #""$installer" verify "$bundle""#, [Self.program])
        expectDiagnosis(run, bundle)
        #expect(!run.output.contains("ok:"))
    }

    @Test func anImportNamesNothingThatIsNotThere() async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        try await ContainerdDaemon.with { socket in
            let node = ["--address", socket.string]
            let run = try await bundle.isolated(
                Self.disk + #""$installer" import "$bundle" "$@""#, [Self.program] + node)
            expectDiagnosis(run, bundle)
            let names = try await bundle.place.run(["ctr", "-a", socket.string, "-n", "k8s.io", "images", "ls", "-q"])
            #expect(names.output.isEmpty, "\(names.transcript)")
            let again = try await bundle.installer("import", node)
            #expect(again.code == 0, "\(again.transcript)")
            let verify = try await bundle.installer("verify", ["--node"] + node)
            #expect(verify.code == 0, "\(verify.transcript)")
        }
    }

    @Test func anInstallationChangesNothing() async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        try await ForeignCluster.with { arguments, _ in
            let script = """
                "$installer" install "$bundle" "$@"; code=$?
                ls -A /var/lib
                [ $code -eq 74 ] && "$installer" install "$archive" "$@" >/dev/null 2>&1 || code=1
                exit $code
                """
            let run = try await bundle.isolated(Self.disk + script, [Self.program] + arguments)
            expectDiagnosis(run, bundle)
            #expect(run.output.isEmpty, "\(run.transcript)")
        }
    }
}
