import FoundationEssentials
import HTTP
import OCI
import Testing

@testable import Registry

@Suite struct ParserTests {
    @Test func readsChallenges() {
        let values = [
            #"Bearer realm="https://auth.example/token",service="a, \"b\"",scope="repository:x/y:pull,push""#,
            "Basic realm=plain, Negotiate, Digest qop=\"auth\" , realm=x",
        ]
        let parsed = Challenge.parse(values)
        #expect(parsed.map(\.scheme) == ["bearer", "basic", "negotiate", "digest"])
        #expect(parsed.first?.parameters["service"] == #"a, "b""#)
        #expect(parsed.first?.parameters["scope"] == "repository:x/y:pull,push")
        #expect(parsed.last?.parameters == ["qop": "auth", "realm": "x"])
    }

    @Test(arguments: [
        "", ",,,,", "Bearer realm=\"unterminated", "Bearer realm=\"\\", "= = =", "Bearer =x", "Bearer realm",
        "\u{0}\u{1}", "Basic realm=\"a\" \"b\"", String(repeating: "a,", count: 4000),
        String(repeating: "x", count: 100_000),
    ])
    func survivesHostileChallenges(_ value: String) {
        let challenges = Challenge.parse([value])
        #expect(challenges.allSatisfy { !$0.scheme.isEmpty })
    }

    @Test func theFirstOfTwoEqualParametersCounts() {
        #expect(Challenge.parse(["Bearer realm=a, realm=b"]).first?.parameters["realm"] == "a")
    }

    @Test(arguments: [
        ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 10), ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
    ])
    func readsRetryAfter(_ value: String, _ seconds: Int) {
        #expect(RetryAfter.parse(value, now: 784_111_767) == .seconds(seconds))
    }

    @Test(arguments: ["", "-1", "soon", "1.5", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"])
    func ignoresOtherRetryAfter(_ value: String) {
        #expect(RetryAfter.parse(value, now: 0) == nil)
    }

    @Test func capsWhatAServerAsksFor() {
        let policy = RetryPolicy()
        let asked = RetryAfter.parse("99999999999999999999999", now: 0)
        #expect(policy.delay(afterFailures: 1, retryAfter: asked) == .seconds(60))
        for failures in 1...100 {
            let delay = policy.delay(afterFailures: failures, retryAfter: nil)
            #expect(delay >= .zero && delay <= policy.maximumDelay)
        }
    }

    @Test func losesPatienceHoweverManyAttemptsAreLeft() async {
        var policy = RetryPolicy()
        policy.sleep = { _ in }
        let error = RegistryError.timedOut(.file("x"), host: "h", reason: "")
        let start = ContinuousClock.now
        await #expect(throws: Never.self) { try await policy.pause(afterFailures: 1, since: start, error: error) }
        await #expect(throws: error) {
            try await policy.pause(afterFailures: 1, since: start - policy.patience, error: error)
        }
    }

    @Test func oneTimeoutSetsWhatElseWaits() {
        var configuration = RegistryConfiguration(userAgent: "sealift/test")
        let standard = configuration
        configuration.wait(for: .seconds(60))
        #expect(configuration.connectTimeout == standard.connectTimeout)
        #expect(configuration.stallTimeout == standard.stallTimeout)
        #expect(configuration.documentTimeout == standard.documentTimeout)
        #expect(configuration.retry.patience == standard.retry.patience)
        #expect(configuration.retry.maximumRetryAfter == standard.retry.maximumRetryAfter)
        configuration.wait(for: .seconds(2))
        #expect(configuration.connectTimeout == .seconds(2))
        #expect(configuration.documentTimeout == .seconds(10))
    }

    @Test func readsContentRanges() {
        #expect(ContentRange("bytes 5-9/10")?.first == 5)
        #expect(ContentRange("bytes 5-9/10")?.total == 10)
        #expect(ContentRange("bytes 5-9/*")?.total == nil)
        #expect(ContentRange("bytes */10")?.total == 10)
        for bad in ["", "bytes", "bytes 9-5/10", "bytes -5-9/10", "items 1-2/3", "bytes 1-2", "bytes 1-2/-3"] {
            #expect(ContentRange(bad) == nil, "\(bad)")
        }
    }

    @Test(arguments: [
        ("docker.io=http://127.0.0.1:5000", "docker.io", "http://127.0.0.1:5000/v2/library/busybox/manifests/1"),
        ("index.docker.io=https://h/hub", "docker.io", "https://h/v2/hub/library/busybox/manifests/1"),
        ("docker.io=https://h/v2/hub/", "docker.io", "https://h/v2/hub/library/busybox/manifests/1"),
    ])
    func mirrorsTakeARegistrysPlace(_ text: String, _ registry: String, _ expected: String) throws {
        let mirror = try RegistryMirror(parsing: text)
        #expect(mirror.registry == registry)
        var configuration = RegistryConfiguration(userAgent: "sealift/test")
        configuration.mirrors = [mirror]
        let reference = try ImageReference(parsing: "busybox:1")
        let endpoint = try RegistryEndpoint(for: "docker.io", in: configuration)
        #expect(try endpoint.url("manifests", "1", of: reference).text == expected)
        #expect(endpoint.credentialHost != "docker.io")
    }

    @Test(arguments: [
        "", "docker.io", "=http://x", "docker.io=", "docker.io=127.0.0.1", "docker.io=file:///x",
        "docker.io/library=http://x", "docker.io=http://u:SECRET@h", "docker.io=http://h/?a=b", "UPPER CASE=http://x",
        "http://u:SECRET@h", "docker.io=ftp://u:SECRET@h", "docker.io=u:SECRET@h", "docker.io=http://h/?a=SECRET",
        "docker.io=http://u:SECRET@h/?a=SECRET", "a/b=http://u:SECRET@h", "docker.io=http://u:SEC/SECRET@h/",
    ])
    func refusesMirrors(_ text: String) {
        let error = #expect(throws: Malformed.self) { try RegistryMirror(parsing: text) }
        #expect(error.map { !$0.description.contains("SECRET") } == true)
    }

    @Test func dockerHubLivesElsewhereThanItsName() throws {
        let endpoint = try RegistryEndpoint(for: "docker.io", in: RegistryConfiguration(userAgent: "sealift/test"))
        #expect(endpoint.origin == "https://registry-1.docker.io")
        #expect(endpoint.credentialHost == "docker.io")
    }
}
