import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The connected side needs no rights, gives none away, and leaves nothing of its memory behind.
@Suite(
    .enabled(if: Executables.canIsolate, Executables.isolationNeed),
    .enabled(if: Executables.areInstalled("setpriv", "strace"), "needs setpriv and strace"))
struct PrivilegeTests {
    /// A user whom nothing belongs to, and what all scripts here start with.
    private static let tools = """
        set -euo pipefail
        sealift=$1 installer=$2 mirror=docker.io=$3 place=$4; shift 4
        # The executables may be where only root gets at them.
        cp "$sealift" "$installer" "$place/"
        sealift=$place/sealift
        chown -R 65534:65534 "$place"
        cd "$place"
        as_nobody() {
            env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${environment[@]}" \\
                setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --inh-caps=-all "$@"
        }
        environment=(HOME="$place/home" TMPDIR="$place/tmp")

        """

    /// Runs a script as root in a mount namespace of its own, with `as_nobody COMMAND…`, `$sealift`, `$mirror`, `$place`.
    private func run(
        _ script: String, in place: Workplace, mirror: String, _ arguments: [String] = []
    ) async throws -> SealiftRun {
        try await place.run(
            ["unshare", "--mount", "/bin/bash", "-c", Self.tools + script, "bash", Executables.sealift.string]
                + [Executables.installer.string, mirror, place.file("").string] + arguments)
    }

    private func registry(_ sample: SampleBundle) -> ScriptedRegistry {
        ScriptedRegistry(sample) { _, _, _, _ in false }
    }

    private static let everything = """
        as_nobody "$sealift" keygen --output release
        as_nobody "$sealift" images bundle
        as_nobody "$sealift" lock bundle --mirror "$mirror"
        as_nobody "$sealift" build bundle --mirror "$mirror" --output dist --sign release.key
        for program in sealift sealift-installer; do
            as_nobody "$place/$program" verify dist/tiny-*.zst --key release.pub
            as_nobody "$place/$program" inspect dist/tiny-*.zst
        done
        as_nobody "$sealift" sign dist/tiny-*.zst --key release.key --force

        """

    @Test func nobodyBuildsOnAReadOnlySystem() async throws {
        let sample = try SampleBundle.tiny()
        let (place, registry) = (try Workplace(sample), registry(sample))
        let run = try await run(
            """
            mount --bind "$place" "$place" && cd "$place"
            for folder in / /tmp /var/tmp; do
                mountpoint -q "$folder" && mount -o remount,bind,ro "$folder"
                touch "$folder/touched" 2>/dev/null && exit 99
            done
            \(Self.everything)
            as_nobody "$sealift" cache prune
            """, in: place, mirror: registry.mirror)
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.output.contains("/home/.cache/sealift\n"), "\(run.output)")
    }

    @Test func nobodyBuildsWithoutAHome() async throws {
        let sample = try SampleBundle.tiny()
        let (place, registry) = (try Workplace(sample), registry(sample))
        let run = try await run(
            """
            mount -t tmpfs -o mode=1777 none /var/tmp
            environment=()
            \(Self.everything)
            stat -c '%a %u %n' /var/tmp/*
            as_nobody "$sealift" cache prune
            rm -r /var/tmp/sealift-65534
            # What somebody else has put there first must not be used.
            mkdir -m 777 other
            for trap in "ln -s $place/other" "mkdir -m 777" "install -d -o 65534 -m 777"; do
                $trap /var/tmp/sealift-65534
                code=0; as_nobody "$sealift" build bundle --mirror "$mirror" --output dist --force || code=$?
                echo "ended with $code"
                rm -r /var/tmp/sealift-65534
            done
            ls -A other
            """, in: place, mirror: registry.mirror)
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.output.contains("\n700 65534 /var/tmp/sealift-65534\n"), "\(run.output)")
        #expect(run.lines.suffix(3) == ["ended with 77", "ended with 77", "ended with 77"], "\(run.output)")
        #expect(run.errors.contains("error: can't use /var/tmp/sealift-65534 as a cache"), "\(run.errors)")
        #expect(run.errors.contains("hint: set HOME, choose another with --cache"), "\(run.errors)")
    }

    @Test func modesDoNotHangOnTheUmask() async throws {
        let sample = try SampleBundle.tiny()
        let (place, registry) = (try Workplace(sample), registry(sample))
        let run = try await run(
            """
            for mask in 000 022 077 777; do
                rm -rf dist home/.cache bundle/images.lock release.*
                umask 022 && umask "$mask"
                { \(Self.everything) } >/dev/null 2>"$mask.log" || { cat "$mask.log" >&2; exit 1; }
                umask 022
                echo "umask $mask"
                find dist home/.cache bundle/images.lock release.* -printf '%m %y %P %f\\n' |
                    sed -E 's/[0-9a-f]{64}/DIGEST/g' | sort -u
            done
            """, in: place, mirror: registry.mirror)
        #expect(run.code == 0, "\(run.transcript)")
        let listings = run.output.split(separator: "umask ").map { $0.split(separator: "\n").dropFirst() }
        try #require(listings.count == 4)
        for listing in listings { #expect(listing == listings[0], "\(run.output)") }
        let modes = Set(listings[0])
        for expected in [
            "755 d  dist", "644 f \(sample.archive) \(sample.archive)",
            "644 f \(sample.archive).sha256 \(sample.archive).sha256",
            "755 f sealift-installer sealift-installer", "644 f  images.lock", "600 f  release.key",
            "644 f  release.pub",
            "700 d sealift sealift", "600 f sealift/blobs/sha256/DIGEST DIGEST", "600 f sealift/lock lock",
        ] { #expect(modes.contains(Substring(expected)), "\(expected) is not in \(modes.sorted())") }
    }

    /// Of every file that is made, under a umask that would let everybody in.
    @Test func whatIsBeingWrittenIsPrivate() async throws {
        let sample = try SampleBundle.ordinary()
        let (place, registry) = (try Workplace(sample), registry(sample))
        let run = try await run(
            """
            umask 000
            n=0
            sealift() { n=$((n + 1)); strace -f -qq -e trace=openat,open,creat,mknod,mkdir,mkdirat -e signal=none -o "$n.trace" "$sealift" "$@"; }
            sealift keygen --output release
            sealift lock bundle --mirror "$mirror" --cache cache
            sealift build bundle --mirror "$mirror" --output dist --cache cache --sign release.key
            sealift build bundle --mirror "$mirror" --output dist2 --no-cache
            sealift sign dist/*.zst --key release.key --force
            cat ./*.trace | grep -E 'O_CREAT|creat\\(|mknod|mkdir' | sed 's/ <unfinished .*/)/' | grep -v ' = -1 '
            """, in: place, mirror: registry.mirror)
        #expect(run.code == 0, "\(run.transcript)")
        var made: [String: Set<String>] = [:]
        for line in run.lines where line.contains("\"") {
            let name = String(line.split(separator: "\"", omittingEmptySubsequences: false)[1])
            let mode = line.split(separator: ",").last.map { String($0.drop { $0 == " " }.prefix { $0 != ")" }) } ?? ""
            made[
                line.contains("mkdir") ? "folder" : FilePath(name).extension == "pub" ? "public key" : "file",
                default: []
            ]
            .insert(mode)
        }
        #expect(made == ["file": ["0600"], "public key": ["0644"], "folder": ["0700", "0755"]], "\(run.output)")
    }

    @Test func aKeyThatOthersCanReadIsWorthAWord() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let place = bundle.place
        let key = place.file("release.key")
        #expect(try await place.sealift(["keygen", "--output", place.file("release").string]).code == 0)
        let command = ["sign", bundle.archive.string, "--key", key.string, "--force"]
        let quiet = try await place.sealift(command)
        #expect(quiet.code == 0 && !quiet.errors.contains("warning"), "\(quiet.transcript)")
        for mode in [0o640, 0o604, 0o620] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.string)
            let run = try await place.sealift(command)
            #expect(run.code == 0)
            #expect(
                run.errors.contains("warning: others on this machine may read \(key): chmod 600 \(key)\n"),
                "\(run.errors)")
        }
        let registry = registry(bundle.sample)
        let build = try await place.build(
            mirror: registry.mirror, ["--sign", key.string, "--force", "--format", "json"])
        #expect(build.code == 0 && build.output.contains("others on this machine may read"), "\(build.transcript)")
    }

    @Test(arguments: ["SEGV", "ABRT"]) func aCrashLeavesNoCore(_ signal: String) async throws {
        let bundle = try await PackedBundle(try .large(3_000_000))
        let run = try await bundle.place.shell(
            """
            signal=$1 archive=$2; shift 2
            ulimit -c unlimited
            mkdir cores && cd cores
            # What this machine makes of a crash, to tell whether nothing means anything.
            sleep 60 & kill -s "$signal" $! && wait $! || true
            echo "control: $(ls | wc -l)"
            rm -f ./*
            for program in "$@"; do
                met=no
                for _ in $(seq 50); do
                    "$program" verify "$archive" >/dev/null 2>&1 & pid=$!
                    # Once it reads the archive it is past its start.
                    until ls -l "/proc/$pid/fd" 2>/dev/null | grep -q "$archive"; do kill -0 $pid 2>/dev/null || break; done
                    kill -s "$signal" $pid 2>/dev/null || true
                    code=0; wait $pid || code=$?
                    if [ $code -gt 128 ]; then met=yes; break; fi
                done
                echo "met: $met"
            done
            echo "cores: $(ls -A)"
            """, signal, bundle.archive.string, Executables.sealift.string, Executables.installer.string)
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.lines.dropFirst() == ["met: yes", "met: yes", "cores: "], "\(run.transcript)")
        print(
            "torture: SIG\(signal) in both executables: no core dump (\(run.lines.first ?? "") of a program without protection)"
        )
    }
}
