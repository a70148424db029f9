import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// Keys, signed bundles, and who takes them: on both sides of the air gap, and by openssl alone.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct SigningTests {
    private struct Result: Decodable {
        struct Signature: Decodable {
            var state: String
            var key: String?
            var file: String?
        }

        var signature: Signature
    }

    /// Makes a pair of keys in the workplace; returns its fingerprint.
    @discardableResult
    private func makeKey(_ name: String, _ type: String, _ more: [String] = [], at place: Workplace) async throws
        -> String
    {
        let run = try await place.sealift(["keygen", "--output", place.file(name).string, "--type", type] + more)
        try #require(run.code == 0, "\(run.transcript)")
        let fingerprint = try await place.shell(
            #"openssl pkey -pubin -in "$1" -outform DER | sha256sum | cut -c 1-64"#, place.file("\(name).pub").string)
        try #require(fingerprint.code == 0, "\(fingerprint.transcript)")
        #expect(run.lines.last == "fingerprint  sha256:\(fingerprint.lines[0])")
        return "sha256:\(fingerprint.lines[0])"
    }

    private func sign(
        _ bundle: PackedBundle, _ key: String, to output: String, _ more: [String] = []
    ) async throws -> FilePath {
        let target = bundle.place.file(output)
        let run = try await bundle.place.sealift(
            [
                "sign", bundle.archive.string, "--key", bundle.place.file("\(key).key").string, "--output",
                target.string,
            ] + more)
        try #require(run.code == 0, "\(run.transcript)")
        #expect(run.lines.last == target.string)
        return target
    }

    @Test(arguments: ["ed25519", "ecdsa-p256"]) func bothSidesAndOpensslCheckASignature(_ type: String) async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        let fingerprint = try await makeKey("release", type, at: place)
        let signed = try await sign(bundle, "release", to: "signed.tar.zst")
        let key = place.file("release.pub").string
        for executable in [Executables.sealift, Executables.installer] {
            let verify = try await place.run([executable.string, "verify", signed.string, "--key", key])
            #expect(verify.code == 0, "\(verify.transcript)")
            #expect(verify.lines.last == "signature: signed by \(key) (\(fingerprint))")
            let inspect = try await place.run(
                [executable.string, "inspect", signed.string, "--key", key, "--format", "json"])
            let found = try inspect.decoded(Result.self).signature
            #expect(found.state == "checked" && found.key == fingerprint && found.file == key)
            let blind = try await place.run([executable.string, "verify", signed.string])
            #expect(blind.code == 0 && blind.lines.last == "signature: signed, not checked: no key")
        }
        let check =
            type == "ed25519"
            ? #"openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in index.json -sigfile sig"#
            : #"openssl dgst -sha256 -verify "$2" -signature sig index.json"#
        let openssl = try await place.shell(
            """
            (cd "$(dirname "$1")" && sha256sum --quiet -c "$1.sha256")
            tar --zstd -xf "$1" index.json index.json.sig
            [ "$(wc -l <index.json.sig)" = 1 ]
            base64 -d index.json.sig >sig
            \(check)
            echo >>index.json
            ! \(check)
            """, signed.string, key)
        #expect(openssl.code == 0, "\(openssl.transcript)")
    }

    /// What cosign's verify-blob does with the two files and a key: base64 in one go, then ECDSA in ASN.1 over SHA-256, by
    /// a library that is neither ours nor openssl's command.
    @Test func anotherLibraryChecksWhatCosignWouldCheck() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let place = bundle.place
        try await makeKey("release", "ecdsa-p256", at: place)
        let signed = try await sign(bundle, "release", to: "signed.tar.zst")
        let run = try await place.shell(
            """
            tar --zstd -xf "$1" index.json index.json.sig
            python3 - "$2" index.json.sig index.json <<'END'
            import base64, sys
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
            from cryptography.hazmat.primitives.hashes import SHA256
            from cryptography.hazmat.primitives.serialization import load_pem_public_key
            key, text, blob = (open(name, "rb").read() for name in sys.argv[1:])
            # Go's decoder passes over line breaks, and over nothing else.
            signature = base64.b64decode(text.replace(b"\n", b""), validate=True)
            load_pem_public_key(key).verify(signature, blob, ECDSA(SHA256()))
            try:
                load_pem_public_key(key).verify(signature, blob + b" ", ECDSA(SHA256()))
                sys.exit("another text has the same signature")
            except InvalidSignature:
                pass
            END
            """, signed.string, place.file("release.pub").string)
        #expect(run.code == 0, "\(run.transcript)")
    }

    @Test func signingAfterwardsGivesWhatBuildingSignedGives() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let key = place.file("release.key").string
            try write("open sesame\n".utf8, to: place.file("passphrase"))
            let opening = ["--passphrase-file", place.file("passphrase").string]
            try await makeKey("release", "ed25519", opening, at: place)
            #expect(try await place.build(mirror: registry.mirror).code == 0)
            let plain = place.output.appending(sample.archive)
            let before = try contents(of: plain)
            let built = place.file("signed").appending(sample.archive)
            let run = try await place.build(
                mirror: registry.mirror, ["--sign", key, "--output", place.file("signed").string] + opening)
            #expect(run.code == 0, "\(run.transcript)")
            let refused = try await place.sealift(["sign", plain.string, "--key", key] + opening)
            #expect(refused.code == 73 && refused.errors.contains("--force"), "\(refused.transcript)")
            #expect(try contents(of: plain) == before)
            // Twice: an unsigned archive, and one that is signed already.
            for _ in 0..<2 {
                let signed = try await place.sealift(["sign", plain.string, "--key", key, "--force"] + opening)
                #expect(signed.code == 0, "\(signed.transcript)")
                #expect(try contents(of: plain) == contents(of: built))
                let checksum = FilePath("\(sample.archive).sha256")
                #expect(
                    try contents(of: place.output.pushing(checksum))
                        == contents(of: place.file("signed").pushing(checksum)))
            }
            let locked = try await place.sealift(["sign", plain.string, "--key", key, "--force"])
            #expect(
                locked.code == 65 && locked.errors.contains("hint: name the file that holds it"), "\(locked.errors)")
            #expect(place.names(in: place.output).filter { $0.hasPrefix(".") } == [])
            #expect(try await place.build(mirror: registry.mirror, ["--force"]).code == 0)
            #expect(try contents(of: plain) == before)
        }
    }

    @Test func onlyWhoHasTheKeyIsBelieved() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let place = bundle.place
        let fingerprint = try await makeKey("release", "ed25519", at: place)
        let other = try await makeKey("other", "ecdsa-p256", at: place)
        let signed = try await sign(bundle, "release", to: "signed.tar.zst")
        let (right, wrong) = (place.file("release.pub").string, place.file("other.pub").string)
        let cases: [(archive: FilePath, keys: [String], says: [String])] = [
            (bundle.archive, [right], ["\(bundle.archive) is not signed, but has to be, by \(right) (\(fingerprint))"]),
            (signed, [wrong], ["the signature of \(signed) does not fit the key \(wrong) (\(other))"]),
            (
                bundle.archive, [wrong, right],
                ["is not signed, but has to be, by one of \(wrong) (\(other)), \(right) (\(fingerprint))"]
            ),
            (signed, [place.file("release.key").string], ["it is a private key", "openssl pkey -in FILE -pubout"]),
            (signed, [right, signed.string], ["can't use the key \(signed)"]),
        ]
        for (archive, keys, says) in cases {
            let options = keys.flatMap { ["--key", $0] }
            var commands = [[Executables.sealift.string, "verify"], [Executables.sealift.string, "inspect"]]
            commands += ["verify", "inspect", "preflight", "install", "upgrade", "import"].map {
                [Executables.installer.string, $0]
            }
            for command in commands {
                let run = try await place.run(command + [archive.string] + options)
                #expect(run.code == 65 && run.output.isEmpty, "\(command): \(run.transcript)")
                for part in says + ["hint: "] { #expect(run.errors.contains(part), "\(command): \(run.errors)") }
            }
        }
        let either = try await place.run(
            [Executables.installer.string, "verify", signed.string, "--key", wrong, "--key", right])
        #expect(
            either.code == 0 && either.output.contains("signed by \(right) (\(fingerprint))"), "\(either.transcript)")
    }

    @Test func signsNothingThatIsDamaged() async throws {
        let bundle = try await PackedBundle(try .ordinary())
        let place = bundle.place
        try await makeKey("release", "ed25519", at: place)
        var bytes = try contents(of: bundle.archive)
        bytes[bytes.count * 3 / 4] ^= 0x10
        try write(bytes, to: bundle.archive)
        let run = try await place.sealift(
            ["sign", bundle.archive.string, "--key", place.file("release.key").string, "--force"])
        #expect(run.code == 65 && run.errors.contains("is damaged"), "\(run.transcript)")
        #expect(try contents(of: bundle.archive) == bytes)
    }

    /// A host with its own /etc, in which `trusted.d` is what `keys` puts there.
    private static let host = """
        cp -a /etc "$work/etc" && mount --bind "$work/etc" /etc && mkdir -p /etc/sealift/trusted.d || exit 98
        signed=$1 keys=$2; shift 2

        """

    @Test(.enabled(if: Executables.canIsolate, Executables.isolationNeed))
    func whatTheHostTrustsIsEnoughAndNeverIgnored() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let fingerprint = try await makeKey("release", "ecdsa-p256", at: bundle.place)
        try await makeKey("other", "ed25519", at: bundle.place)
        let signed = try await sign(bundle, "release", to: "signed.tar.zst")
        let run = try await bundle.isolated(
            Self.host + """
                try() { echo "== $*"; "$installer" inspect "$@" 2>&1 | grep -E '^(signature|error|hint)'; }
                try "$signed"
                cp "$keys/other.pub" /etc/sealift/trusted.d/a.pem
                try "$signed"; try "$archive"
                cp "$keys/release.pub" /etc/sealift/trusted.d/b.pub
                try "$signed"; try "$archive"
                echo "no key" >/etc/sealift/trusted.d/c.pem
                try "$signed"
                rm /etc/sealift/trusted.d/c.pem /etc/sealift/trusted.d/b.pub
                try "$signed" --key "$keys/release.pub"
                rm -r /etc/sealift/trusted.d; echo >/etc/sealift/trusted.d
                try "$signed"
                exit 0
                """, [signed.string, bundle.place.file("").string])
        let trusted = "/etc/sealift/trusted.d"
        let answers = run.output.split(separator: "\n== ").map { $0.split(separator: "\n").dropFirst() }
        #expect(
            answers.map { $0.first.map { String($0) } ?? "" }.enumerated().allSatisfy { index, line in
                line.contains(
                    [
                        "signature   signed, not checked: no key",
                        "does not fit the key \(trusted)/a.pem (sha256:",
                        "is not signed, but has to be, by \(trusted)/a.pem",
                        "signature   signed by \(trusted)/b.pub (\(fingerprint))", "by one of \(trusted)/a.pem",
                        "error: can't use the key \(trusted)/c.pem: it has no PEM block",
                        "signature   signed by \(bundle.place.file("release.pub")) (\(fingerprint))",
                        "error: can't list the keys in \(trusted): Not a directory",
                    ][index])
            } && answers.count == 8, "\(run.transcript)")
    }

    @Test(.enabled(if: ForeignCluster.isUsable, ForeignCluster.need))
    func aSignedBundleIsInstalledAndItsKeyRemembered() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let fingerprint = try await makeKey("release", "ed25519", at: bundle.place)
        let signed = try await sign(bundle, "release", to: "signed.tar.zst")
        try await ForeignCluster.with { arguments, _ in
            let run = try await bundle.isolated(
                Self.host + """
                    cp "$keys/release.pub" /etc/sealift/trusted.d/
                    "$installer" install "$archive" "$@" && exit 97
                    ls -A /var/lib/sealift 2>/dev/null && exit 96
                    "$installer" verify "$signed" && "$installer" install "$signed" "$@" || exit 95
                    "$installer" status || exit 94
                    grep -o '"signedBy":"[^"]*"' /var/lib/sealift/journal.jsonl /var/lib/sealift/installed.json
                    """, [signed.string, bundle.place.file("").string] + arguments)
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.errors.contains("\(bundle.archive) is not signed, but has to be"), "\(run.errors)")
            #expect(
                run.errors.contains("\(signed): signed by /etc/sealift/trusted.d/release.pub (\(fingerprint))"),
                "\(run.errors)")
            #expect(run.output.contains("signed by  \(fingerprint)"), "\(run.output)")
            #expect(run.lines.filter { $0.hasSuffix(#""signedBy":"\#(fingerprint)""#) }.count == 2, "\(run.output)")
        }
    }
}
