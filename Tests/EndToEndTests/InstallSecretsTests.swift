import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// No secret of an installation gets anywhere but where it belongs: to the cluster, and into one file of root's.
@Suite(
    .enabled(if: ForeignCluster.isUsable, ForeignCluster.need),
    .enabled(if: Executables.areInstalled("strace"), "needs strace"))
struct InstallSecretsTests {
    /// A bundle with a password that the operator chooses, a token that is generated, and a Secret of both.
    private func place(_ sample: SampleBundle) throws -> Workplace {
        let place = try Workplace(sample)
        let definition = """
                  - manifests/secret.yaml
            parameters:
              - {name: adminPassword, type: string}
              - {name: session, generate: {length: 24}}
              - {name: pinKey, type: integer, default: 1}

            """
        let file = place.bundle.appending("bundle.yaml")
        try write(try contents(of: file) + Array(definition.utf8), to: file)
        let secret = """
            apiVersion: v1
            kind: Secret
            metadata: {name: login}
            stringData:
              password: "${{ adminPassword }}"
              session: "${{ session }}"

            """
        try write(secret.utf8, to: place.bundle.appending("manifests/secret.yaml"))
        return place
    }

    private static let script = """
        archive=$1; shift
        log() {
            local name=$1 codes=$2 code=0; shift 2
            strace -f -qq -v -s 100000 -e trace=execve -e signal=none -o "$work/$name.execs" "$installer" "$@" \\
                >"$work/$name.log" 2>&1 || code=$?
            [[ " $codes " = *" $code "* ]] || { echo "$name ended with $code"; cat "$work/$name.log"; exit 1; }
        }
        node=(--address "$1" --kubectl "$2" --kubeconfig "$work/kubeconfig")
        sed "s|user: {}|user: {token: $4}|" "$3" >"$work/kubeconfig"
        grep -qF "$4" "$work/kubeconfig" || { echo "no token in it"; exit 1; }
        log wrong-kind 65 install "$archive" "${node[@]}" --set-file "pinKey=$work/password"
        log two-lines 65 install "$archive" "${node[@]}" --set-file "adminPassword=$work/two-lines"
        log missing 66 install "$archive" "${node[@]}" --set-file "adminPassword=$work/nowhere"
        log no-cluster 69 install "$archive" "${node[@]:0:4}" --kubeconfig "$work/closed" \\
            --set-file "adminPassword=$work/password" --start-timeout 1
        log removed 0 uninstall --yes
        log dry 0 install "$archive" "${node[@]}" --set-file "adminPassword=$work/password" --dry-run
        log install 0 install "$archive" "${node[@]}" --set-file "adminPassword=$work/password"
        log again 0 install "$archive" --format json
        log status 0 status
        log status-json 0 status --format json
        log check 0 check
        log upgrade "0 65" upgrade "$archive"
        log support 0 support-bundle --output "$work/support.tar.zst"
        mkdir "$work/support" && tar -C "$work/support" --zstd -xf "$work/support.tar.zst"
        find /var/lib/sealift "$work/support.tar.zst" -printf '%m %y %p\\n'
        cp -a /var/lib/sealift "$work/state"
        log uninstall 0 uninstall --yes
        """

    @Test func noSecretOfAnInstallationIsAnywhereElse() async throws {
        let sample = try SampleBundle.tiny()
        let place = try place(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let build = try await place.build(mirror: registry.mirror)
        try #require(build.code == 0, "\(build.transcript)")
        func word() -> String { "cnry/\(UInt64.random(in: .min ... .max))+k&7%q" }
        let password = Canary("the operator's password", secret: word())
        let token = Canary("the cluster's token", secret: "cnry\(UInt64.random(in: .min ... .max))tkn")
        let work = place.file("work")
        try write("\(password.secret)\n".utf8, to: work.appending("password"))
        try write("\(password.secret)\nmore\n".utf8, to: work.appending("two-lines"))
        try write(
            "{\"apiVersion\": \"v1\", \"kind\": \"Config\", \"clusters\": [], \"users\": [], \"contexts\": []}".utf8,
            to: work.appending("closed"))
        let bundle = PackedBundle(sample: sample, place: place)
        try await ForeignCluster.with { arguments, _ in
            let given = [bundle.archive.string, arguments[1], arguments[3], arguments[5], token.secret]
            let run = try await bundle.isolated(Self.script, given)
            try #require(run.code == 0, "\(run.transcript)")
            let secret = run.lines.filter { $0.hasSuffix("/parameters.json") || $0.hasSuffix("support.tar.zst") }
            #expect(secret.count == 2 && secret.allSatisfy { $0.hasPrefix("600 f ") }, "\(run.output)")
            #expect(run.lines.contains { $0.hasPrefix("700 d ") && $0.hasSuffix(" /var/lib/sealift") }, "\(run.output)")
        }
        struct Kept: Decodable {
            var values: [String: String]
        }
        let kept = try JSONDecoder().decode(
            Kept.self, from: Data(try contents(of: work.appending("state/parameters.json"))))
        #expect(kept.values["adminPassword"] == password.secret)
        let session = Canary("the generated value", secret: try #require(kept.values["session"]))
        let owners = ["password", "two-lines", "kubeconfig", "state/parameters.json"].map { "work/\($0)" }
        let canaries = [password, token, session]
        #expect(try place.traces(of: canaries, except: owners) == [])
        // They are found where they are.
        #expect(try place.traces(of: canaries).count == 5)
        let logs = place.names(in: work).filter { $0.hasSuffix(".execs") }
        print(
            "torture: \(canaries.count) secrets of \(logs.count) commands of an operator: none in outputs, files or children"
        )
    }
}
