import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The isolated host: containerd's disk is full, and the disk with the installer's own state is full, fails, loses what
/// was not synced, or the installer is killed there.
@Suite(
    .serialized, .enabled(if: ForeignCluster.isUsable, ForeignCluster.need),
    .enabled(if: FaultyDisk.isUsable, FaultyDisk.need))
struct NodeFaultTests {
    /// What an installation ended with.
    private struct Outcome {
        /// Of the disturbed run, of `status` after it, and of the run that was to end it.
        var codes: [Int] = []
        /// Digests and names of all that is kept, but for the journal.
        var state: [String] = []
        let run: SealiftRun

        init(_ run: SealiftRun) {
            self.run = run
            for line in run.lines {
                if line.hasPrefix("code ") { codes.append(Int(line.dropFirst(5)) ?? -1) } else { state.append(line) }
            }
        }
    }

    /// Disturbs with `$disturb`, looks, and installs in peace; `$1` and so on are the arguments of `install`.
    private static let script = """
        disk=$1 log=$2 how=$3 disturb=$4; shift 4
        install() { "$@" "$installer" install "$archive" --waive disk "${more[@]}"; }
        more=("$@")
        case $how in
            run) install /usr/bin/python3 -B "$disk" run /var/lib "$disturb" >"$work/log" 2>&1; echo "code $?" ;;
            # shellcheck disable=SC2086 # moment and seed
            cut) /usr/bin/python3 -B "$disk" cut "$log" $disturb /var/lib; echo "code $?" ;;
        esac
        cat "$work/log" >&2
        "$installer" status >"$work/status" 2>&1; echo "code $?"
        install env >"$work/log" 2>&1; echo "code $?"
        cat "$work/status" "$work/log" >&2
        cd /var/lib/sealift || exit 1
        grep -c '"completed"' journal.jsonl >/dev/null || echo "not completed"
        find . -type f ! -name journal.jsonl ! -name '*lock' ! -path './kubectl*' -exec sha256sum {} + | sort
        """

    private func disturb(
        _ bundle: PackedBundle, _ arguments: [String], log: FilePath, _ how: String, _ disturb: String
    ) async throws -> Outcome {
        let run = try await bundle.isolated(
            Self.script, [FaultyDisk.program, log.string, how, disturb] + arguments)
        try #require(run.code == 0, "\(run.transcript)")
        return Outcome(run)
    }

    @Test func stateOfTheInstaller() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let scratch = TemporaryDirectory()
        let (log, report) = (scratch.file("log"), scratch.file("report"))
        let count = TortureAmount.given("NODE_FAULTS", 2)
        try await ForeignCluster.with { arguments, _ in
            var plan = FaultyDisk.Plan(log: log.string, report: report.string)
            let good = try await disturb(bundle, arguments, log: log, "run", try plan.json)
            try #require(good.codes == [0, 0, 0], "\(good.run.transcript)")
            try #require(good.state.count >= 3 && !good.state.contains("not completed"), "\(good.state)")
            let whole = try JSONDecoder().decode(FaultyDisk.Report.self, from: Data(try contents(of: report)))
            func expectGood(_ outcome: Outcome, _ what: String) {
                #expect([0, 66, 69].contains(outcome.codes[1]), "\(what): \(outcome.run.transcript)")
                #expect(outcome.codes[2] == 0, "\(what): \(outcome.run.transcript)")
                #expect(outcome.state == good.state, "\(what): \(outcome.run.transcript)")
            }
            let moments = TortureAmount.points(
                count * 3, upTo: whole.changes, near: whole.syncs.map(\.change), salt: 700)
            for (turn, moment) in (moments + [whole.changes]).enumerated() {
                let cut = try await disturb(
                    bundle, arguments, log: log, "cut", "\(moment) \(TortureAmount.seed &+ UInt64(turn))")
                expectGood(cut, "power cut after \(moment) of \(whole.changes)")
                if moment == whole.changes { #expect(cut.codes[1] == 0, "\(cut.run.transcript)") }
            }
            plan.log = nil
            for point in TortureAmount.points(count, upTo: whole.added, salt: 701) {
                plan.capacity = point
                let full = try await disturb(bundle, arguments, log: log, "run", try plan.json)
                expectGood(full, "full after \(point) of \(whole.added) bytes")
                #expect([0, 74].contains(full.codes[0]), "full after \(point): \(full.run.transcript)")
            }
            plan.capacity = nil
            let requests = whole.syncs.map(\.request)
            for point in TortureAmount.points(count, upTo: whole.requests, near: requests, salt: 702) {
                (plan.fail, plan.lasting, plan.kill) = (point, point.isMultiple(of: 3), nil)
                let failing = try await disturb(bundle, arguments, log: log, "run", try plan.json)
                expectGood(failing, "EIO at request \(point) of \(whole.requests)")
                #expect((0..<128).contains(failing.codes[0]), "EIO at \(point): \(failing.run.transcript)")
                (plan.fail, plan.lasting, plan.kill) = (nil, nil, point)
                plan.late = point.isMultiple(of: 2)
                let killed = try await disturb(bundle, arguments, log: log, "run", try plan.json)
                expectGood(killed, "killed at request \(point) of \(whole.requests)")
                #expect([0, 137].contains(killed.codes[0]), "killed at \(point): \(killed.run.transcript)")
            }
            print(
                "torture: the installer's state, seed \(TortureAmount.seed): \(count * 3 + 1) power cuts in "
                    + "\(whole.changes) changes, full at \(count) of \(whole.added) bytes, EIO and kill -9 at \(count) "
                    + "each of \(whole.requests) requests")
        }
    }

    /// Imports into a containerd whose disk has so many KiB, then more; names point to whole content all the time.
    private static let imports = """
        config=$1; shift
        ctr() { command ctr -a "$work/socket" -n k8s.io "$@"; }
        sound() { ! ctr images check | tail -n +2 | grep -v ' complete'; }
        mkdir -p "$work/root"
        for size; do (
            mount -t tmpfs -o "size=${size}k" none "$work/root" || exit 98
            setpriv --pdeathsig KILL containerd --config "$config" >"$work/log" 2>&1 & daemon=$!
            until ctr version >/dev/null 2>&1; do kill -0 $daemon || exit 97; sleep 0.02; done
            "$installer" import "$archive" --address "$work/socket" >"$work/run" 2>&1; code=$?
            echo "$code of $size"
            case $code in
                0 | 74) ;;
                *) cat "$work/run"; exit 2 ;;
            esac
            sound || exit 3
            mount -o remount,size=64m "$work/root"
            "$installer" import "$archive" --address "$work/socket" || exit 4
            sound || exit 5
            "$installer" verify --node "$archive" --address "$work/socket" || exit 6
            umount -l "$work"/state/*/* 2>/dev/null
            kill -9 $daemon; wait $daemon 2>/dev/null
            umount -l "$work/root"; rm -rf "$work/state"
        ) || exit; done
        """

    @Test func contentOfContainerd() async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        let config = bundle.place.file("config.toml")
        try write(Containerd.configuration(in: bundle.place.file("work")).utf8, to: config)
        // From what containerd itself needs to what the bundle does; a name may be there, with all that it needs.
        let sizes = TortureAmount.points(TortureAmount.given("FULL_NODES", 3), upTo: 6600, salt: 703).map { $0 + 400 }
        let run = try await bundle.isolated(Self.imports, [config.string] + sizes.map(String.init))
        #expect(run.code == 0, "\(run.transcript)")
        let full = run.lines.filter { $0.hasPrefix("74 of ") }
        #expect(!full.isEmpty, "\(run.transcript)")
        print(
            "torture: containerd's disk, seed \(TortureAmount.seed): full in \(full.count) of \(sizes.count) imports, "
                + "no name without its content, all there once there was room")
    }
}
