import SystemPackage
import TestSupport
import Testing

/// A node whose disk fills up: where containerd keeps content, or where the installer keeps its state.
@Suite(.enabled(if: ForeignCluster.isUsable, ForeignCluster.need))
struct FullNodeDiskTests {
    /// Names that point to content which is not all there fail the script.
    private static let containerd = """
        ctr() { command ctr -a "$work/socket" -n k8s.io "$@"; }
        sound() { ! ctr images check | tail -n +2 | grep -v ' complete'; }
        mkdir "$work/root" && mount -t tmpfs -o size=2m none "$work/root" || exit 98
        setpriv --pdeathsig KILL containerd --config "$1" >"$work/log" 2>&1 &
        until ctr version >/dev/null 2>&1; do kill -0 $! || exit 98; sleep 0.02; done

        """

    @Test func anImportIntoAFullContainerdGoesOnAfterMakingRoom() async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        let work = bundle.place.file("work")
        let config = bundle.place.file("config.toml")
        try write(Containerd.configuration(in: work).utf8, to: config)
        let script = """
            "$installer" import "$archive" --address "$work/socket"; code=$?
            [ $code -eq 74 ] || exit 1
            sound || exit 2
            [ -z "$(ctr images ls -q)" ] || exit 3
            mount -o remount,size=64m "$work/root"
            "$installer" import "$archive" --address "$work/socket" || exit 4
            sound || exit 5
            "$installer" verify --node "$archive" --address "$work/socket"; code=$?
            umount -l "$work"/state/*/* 2>/dev/null
            exit $code
            """
        let run = try await bundle.isolated(Self.containerd + script, [config.string])
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.errors.contains("no space left on device"), "\(run.transcript)")
        #expect(run.errors.contains("hint: free some space where containerd keeps its data"), "\(run.transcript)")
        #expect(run.output.contains("1 of 1 images are on the node"), "\(run.transcript)")
    }

    /// The state's disk has one page more each time, so every write of an installation fails once.
    @Test func anInstallationGoesOnWheneverItsStateGetsRoom() async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ForeignCluster.with { arguments, _ in
            let script = """
                mkdir /var/lib/sealift && mount -t tmpfs -o size=4k none /var/lib/sealift || exit 98
                for pages in $(seq 60); do
                    mount -o "remount,size=$((pages * 4))k" /var/lib/sealift
                    "$installer" install "$archive" --waive disk "$@" >"$work/log" 2>&1; code=$?
                    echo "$code $(grep -c 'No space left on device' "$work/log")" \
                        "$(grep '^error: ' "$work/log") $(grep -c '^hint: free some space' "$work/log")"
                    "$installer" status >"$work/status" 2>&1; status=$?
                    case $status in 0 | 66 | 69) ;; *) cat "$work/status"; exit 1 ;; esac
                    [ $code -ne 0 ] || break
                done
                cat "$work/status"
                exit $code
                """
            let run = try await bundle.isolated(script, arguments)
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.output.contains("install  finished"), "\(run.transcript)")
            let failures = run.lines.prefix { !$0.hasPrefix("0 ") }
            #expect(failures.count >= 3, "\(run.transcript)")
            for failure in failures {
                #expect(failure.hasPrefix("74 "), "\(failure)")
                #expect(failure.contains("/var/lib/sealift"), "\(failure)")
                #expect(failure.hasSuffix(" 1"), "no hint: \(failure)")
            }
        }
    }

    @Test func preflightAsksForRoomWhereItIsMissing() async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ForeignCluster.with { arguments, _ in
            let script = """
                mkdir /var/lib/sealift && mount -t tmpfs -o size=64k none /var/lib/sealift || exit 98
                "$installer" install "$archive" "$@"; code=$?
                ls -A /var/lib/sealift
                exit $code
                """
            let run = try await bundle.isolated(script, arguments)
            #expect(run.code == 65, "\(run.transcript)")
            #expect(run.errors.contains("or mount a larger disk on /var/lib/sealift"), "\(run.transcript)")
            #expect(run.output.isEmpty, "\(run.transcript)")
        }
    }
}
