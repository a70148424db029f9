import SystemPackage
import TestSupport
import Testing

/// Commands of the isolated side at the same time, on one host.
@Suite(.serialized, .enabled(if: ForeignCluster.isUsable, ForeignCluster.need))
struct NodeConcurrencyTests {
    /// `fail WORDS…` ends the script; `expect CODES COMMAND…` runs a command that must end with one of the codes;
    /// `stop_when PID CONDITION…` stops a process once the condition holds, and fails where it ended before.
    private static let tools = """
        fail() { echo "$*"; cat "$work"/*.log; exit 1; }
        expect() {
            local codes=$1 code=0; shift
            "$@" >"$work/last.log" 2>&1 || code=$?
            [[ " $codes " = *" $code "* ]] || fail "$* ended with $code"
        }
        stop_when() {
            local pid=$1; shift
            until "$@"; do kill -0 "$pid" 2>/dev/null || return 1; done
            kill -STOP "$pid" 2>/dev/null
        }

        """

    @Test func importsIntoOneContainerdTakeTurns() async throws {
        let ordinary = try SampleBundle.ordinary()
        let (bundle, other) = (
            try await PackedBundle(ordinary),
            try await PackedBundle(SampleBundle(name: "other", images: [ordinary.images[1], ordinary.images[3]]))
        )
        try await ContainerdDaemon.with { socket in
            let run = try await bundle.isolated(
                Self.tools + """
                    other=$1 socket=$2 rounds=$3 met=0 refused=0
                    has_lock() { grep -qE "FLOCK +ADVISORY +WRITE $1 " /proc/locks; }
                    for round in $(seq "$rounds"); do
                        # A namespace of its own has nothing yet.
                        node=(--address "$socket" --namespace "stopped-$round")
                        "$installer" import "$archive" "${node[@]}" >"$work/first.log" 2>&1 & first=$!
                        if stop_when "$first" has_lock "$first"; then
                            for second in "$archive" "$other"; do
                                expect 69 "$installer" import "$second" "${node[@]}"
                                grep -q "another import .* is running: process $first\\$" "$work/last.log" ||
                                    fail "it does not say who imports"
                            done
                            expect "0 65" "$installer" verify --node "$archive" "${node[@]}"
                            expect 0 "$installer" verify "$archive"
                            expect 0 "$installer" inspect "$archive"
                            expect 66 "$installer" status
                            kill -CONT "$first"
                            met=$((met + 1))
                        fi
                        wait "$first" || fail "the first import failed"
                        expect 0 "$installer" verify --node "$archive" "${node[@]}"

                        node=(--address "$socket" --namespace "beside-$round")
                        "$installer" import "$archive" "${node[@]}" >"$work/first.log" 2>&1 & first=$!
                        "$installer" import "$other" "${node[@]}" >"$work/second.log" 2>&1 & second=$!
                        expect "0 65" "$installer" verify --node "$other" "${node[@]}"
                        for pid in "$first" "$second"; do
                            code=0; wait "$pid" || code=$?
                            case $code in 0) ;; 69) refused=$((refused + 1)) ;; *) fail "ended with $code" ;; esac
                        done
                        for each in "$archive" "$other"; do
                            expect 0 "$installer" import "$each" "${node[@]}"
                        done
                        for each in "$archive" "$other"; do
                            expect 0 "$installer" verify --node "$each" "${node[@]}"
                        done
                    done
                    [ "$met" -gt 0 ] || fail "no import was ever met"
                    echo "torture: $((4 * rounds)) imports of overlapping bundles into one containerd: $met met while they" \\
                        "ran, $refused of those side by side refused, every inventory complete afterwards"
                    """, [other.archive.string, socket.string, "\(Rounds.count)"])
            #expect(run.code == 0, "\(run.transcript)")
            print(run.output, terminator: "")
        }
    }

    @Test func installationsKeepApart() async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ForeignCluster.with { arguments, _ in
            let run = try await bundle.isolated(
                Self.tools + """
                    rounds=$1; shift
                    journal=/var/lib/sealift/journal.jsonl met=0
                    has_lines() { [ -e "$journal" ] && [ "$(wc -l <"$journal")" -ge "$1" ]; }
                    for round in $(seq "$rounds"); do
                        "$installer" install "$archive" "$@" >"$work/first.log" 2>&1 & first=$!
                        if stop_when "$first" has_lines $((round * 3)); then
                            for verb in "install $archive" "upgrade $archive" "uninstall --yes"; do
                                more=(); [ "${verb%% *}" = uninstall ] || more=("$@")
                                # shellcheck disable=SC2086 # words
                                expect 69 "$installer" $verb "${more[@]}"
                                grep -q "another sealift-installer is changing this host: process $first\\$" \\
                                    "$work/last.log" || fail "it does not say who changes the host"
                            done
                            expect 69 "$installer" status
                            expect 0 "$installer" verify "$archive"
                            expect "0 65" "$installer" verify --node "$archive" "${@:1:2}"
                            kill -CONT "$first"
                            met=$((met + 1))
                        fi
                        wait "$first" || fail "the first installation failed"
                        expect 0 "$installer" verify --node "$archive" "${@:1:2}"
                        expect 0 "$installer" status
                        expect 0 "$installer" uninstall --yes
                    done
                    [ "$met" -gt 0 ] || fail "no installation was ever met"
                    echo "torture: $rounds installations, $met met while they ran: nobody else changed the host, and all" \\
                        "were complete"
                    """, ["\(Rounds.count)"] + arguments)
            #expect(run.code == 0, "\(run.transcript)")
            print(run.output, terminator: "")
        }
    }
}
