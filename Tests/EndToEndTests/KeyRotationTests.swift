import SystemPackage
import TestSupport
import Testing

/// A key is exchanged for another as docs/signing.md says, on a host where something is installed.
@Suite(.enabled(if: ForeignCluster.isUsable, ForeignCluster.need))
struct KeyRotationTests {
    private static let script = """
        first=$1 second=$2 keys=$3; shift 3
        cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc && mkdir -p /etc/sealift/trusted.d || exit 98
        trusted=/etc/sealift/trusted.d
        expect() {
            local code=0; "${@:3}" >"$work/log" 2>&1 || code=$?
            [ "$code" = "$1" ] && grep -qF -- "$2" "$work/log" ||
                { echo "'${*:3}' ended with $code, not $1 and '$2'"; cat "$work/log"; exit 1; }
        }
        cp "$keys/old.pub" "$trusted/"
        expect 0 "tiny 1.0.0 is installed" "$installer" install "$first" "$@"
        # Not believed yet: nothing of it is read, and nothing changes.
        expect 65 "does not fit the key $trusted/old.pub" "$installer" upgrade "$second"
        expect 0 "tiny 1.0.0" "$installer" status
        expect 0 "$(cat "$keys/old.fingerprint")" "$installer" status
        cp "$keys/new.pub" "$trusted/"
        for bundle in "$first" "$second"; do expect 0 "signed by $trusted/" "$installer" verify "$bundle"; done
        expect 0 "tiny 1.1.0 is installed" "$installer" upgrade "$second"
        expect 0 "$(cat "$keys/new.fingerprint")" "$installer" status
        rm "$trusted/old.pub"
        for verb in verify inspect preflight install upgrade import; do
            expect 65 "does not fit the key $trusted/new.pub" "$installer" "$verb" "$first"
        done
        expect 0 "1 of 1 images are on the node" "$installer" verify --node "$second" "${@:1:2}"
        expect 0 "tiny 1.1.0" "$installer" status
        expect 0 "" "$installer" install "$second"
        # Signed anew, what is needed of the old is believed.
        expect 0 "signed by $trusted/new.pub" "$installer" verify "$first.anew"
        """

    @Test func anUpgradeBringsTheNewKeysBundle() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let place = bundle.place
        let registry = ScriptedRegistry(bundle.sample) { _, _, _, _ in false }
        for (name, type) in [("old", "ed25519"), ("new", "ecdsa-p256")] {
            let run = try await place.sealift(["keygen", "--output", place.file(name).string, "--type", type])
            try #require(run.code == 0, "\(run.transcript)")
            let fingerprint = run.lines.last?.split(separator: " ").last ?? ""
            try write(fingerprint.utf8, to: place.file("\(name).fingerprint"))
        }
        let key = ["--key", place.file("old.key").string, "--force"]
        let signing = try await place.sealift(["sign", bundle.archive.string] + key)
        try #require(signing.code == 0, "\(signing.transcript)")
        let anew = ["--key", place.file("new.key").string, "--output", "\(bundle.archive).anew"]
        let again = try await place.sealift(["sign", bundle.archive.string] + anew)
        try #require(again.code == 0, "\(again.transcript)")
        let definition = place.bundle.appending("bundle.yaml")
        let text = String(decoding: try contents(of: definition), as: UTF8.self)
        try write(text.replacing("version: 1.0.0", with: "version: 1.1.0").utf8, to: definition)
        let build = try await place.build(mirror: registry.mirror, ["--sign", place.file("new.key").string])
        try #require(build.code == 0, "\(build.transcript)")
        let second = try #require(build.lines.last)
        try await ForeignCluster.with { arguments, _ in
            let run = try await bundle.isolated(
                Self.script, [bundle.archive.string, second, place.file("").string] + arguments)
            #expect(run.code == 0, "\(run.transcript)")
        }
    }
}
