import OCI
import Testing

private let hex = String(repeating: "0123456789abcdef", count: 4)
private let sha256 = "sha256:\(hex)"
private let sha512 = "sha512:\(hex)\(hex)"

/// One spelling, what becomes of it, and the rule that it shows.
struct ReferenceCase: Sendable, CustomTestStringConvertible {
    let written: String
    let expected: String
    let rule: String

    init(_ written: String, _ expected: String, _ rule: String) {
        self.written = written
        self.expected = expected
        self.rule = rule
    }

    var testDescription: String { "\(rule): \(written.prefix(60))" }
}

@Suite struct ImageReferenceTests {
    static let accepted: [ReferenceCase] = [
        // Docker Hub's defaults.
        .init("nginx", "docker.io/library/nginx:latest", "one word is an official image, untagged is latest"),
        .init("nginx:latest", "docker.io/library/nginx:latest", "latest may be written"),
        .init(
            "docker.io/nginx", "docker.io/library/nginx:latest", "the official prefix is filled in behind the host too"),
        .init("docker.io/nginx:latest", "docker.io/library/nginx:latest", "all of the spellings are one name"),
        .init("library/nginx", "docker.io/library/nginx:latest", "the official prefix may be written"),
        .init("docker.io/library/nginx", "docker.io/library/nginx:latest", "the full name needs nothing but a tag"),
        .init("docker.io/library/nginx:latest", "docker.io/library/nginx:latest", "a normalised name stays as it is"),
        .init("index.docker.io/nginx", "docker.io/library/nginx:latest", "index.docker.io is docker.io"),
        .init(
            "index.docker.io/library/nginx:1", "docker.io/library/nginx:1", "index.docker.io with the prefix written"),
        .init(
            "index.docker.io/apache/nifi:1.23.2", "docker.io/apache/nifi:1.23.2", "index.docker.io with an organisation"
        ),
        .init("apache/nifi:1.23.2", "docker.io/apache/nifi:1.23.2", "two words are an organisation of Docker Hub"),
        .init(
            "docker.io/apache/nifi:1.23.2", "docker.io/apache/nifi:1.23.2", "no prefix where there is an organisation"),
        .init("a/b/c", "docker.io/a/b/c:latest", "a first word without dot, colon and capital is no host"),
        .init("docker/io/x", "docker.io/docker/io/x:latest", "a slash is no dot"),
        .init(
            "registry-1.docker.io/library/nginx", "registry-1.docker.io/library/nginx:latest",
            "only index.docker.io is an alias"),
        .init("registry-1.docker.io/nginx", "registry-1.docker.io/nginx:latest", "no official prefix on other hosts"),
        .init("hub.docker.com/nginx", "hub.docker.com/nginx:latest", "the web site's host is a host like any other"),
        .init("docker.io:443/nginx", "docker.io:443/nginx:latest", "with a port it is another host"),
        .init("index.docker.io:443/nginx", "index.docker.io:443/nginx:latest", "the alias has no port"),
        .init("traefik:v2.9.10", "docker.io/library/traefik:v2.9.10", "official image with a tag"),
        .init("busybox:1.35", "docker.io/library/busybox:1.35", "a tag may be a number with a dot"),
        // Hosts.
        .init("quay.io/k0sproject/pause:3.10.2-0", "quay.io/k0sproject/pause:3.10.2-0", "a dot makes a host"),
        .init("registry.k8s.io/pause:3.9", "registry.k8s.io/pause:3.9", "one word behind a host is a repository"),
        .init(
            "docker.elastic.co/elasticsearch/elasticsearch:7.17.10",
            "docker.elastic.co/elasticsearch/elasticsearch:7.17.10", "a vendor's own host"),
        .init("k8s.gcr.io/kube-proxy:v1.36.3", "k8s.gcr.io/kube-proxy:v1.36.3", "a retired host is not rewritten"),
        .init("ghcr.io/a/b/c/d:1", "ghcr.io/a/b/c/d:1", "any number of path components"),
        .init("localhost/app", "localhost/app:latest", "localhost is a host without a dot"),
        .init("localhost/a/b:1", "localhost/a/b:1", "localhost with a longer path"),
        .init("localhost", "docker.io/library/localhost:latest", "alone it is an image's name"),
        .init("localhost:5000", "docker.io/library/localhost:5000", "without a slash the number is a tag"),
        .init("localhost:5000/app", "localhost:5000/app:latest", "with a slash the number is a port"),
        .init("localhost:5000/app:5000", "localhost:5000/app:5000", "port and tag may be the same number"),
        .init("LOCALHOST/app", "LOCALHOST/app:latest", "a capital makes a host, kept as written"),
        .init("registry:5000/app", "registry:5000/app:latest", "a colon makes a host"),
        .init("registry:5000", "docker.io/library/registry:5000", "registry with a tag, not a host with a port"),
        .init("registry:2", "docker.io/library/registry:2", "the registry's own image"),
        .init("registry/app", "docker.io/registry/app:latest", "a single-label host needs a port to be seen as one"),
        .init("my-registry.example.com/app", "my-registry.example.com/app:latest", "dashes inside a label"),
        .init("Registry.Example.COM/app:1", "Registry.Example.COM/app:1", "a host may have capitals and keeps them"),
        .init("Foo/bar:1", "Foo/bar:1", "a capital in the first of two words makes it a host"),
        .init(
            "DOCKER.IO/library/nginx", "DOCKER.IO/library/nginx:latest", "the default host is only known in lower case"),
        .init("a.b/c", "a.b/c:latest", "the shortest host with a dot"),
        .init("1.2.3.4/app", "1.2.3.4/app:latest", "an IPv4 address is a host"),
        .init("127.0.0.1:5000/app:1", "127.0.0.1:5000/app:1", "an IPv4 address with a port"),
        .init("[::1]/app", "[::1]/app:latest", "an IPv6 address stands in brackets"),
        .init("[::1]:5000/app", "[::1]:5000/app:latest", "an IPv6 address with a port"),
        .init("[2001:db8::1]:5000/a/b:1", "[2001:db8::1]:5000/a/b:1", "an IPv6 address, port, path and tag"),
        .init("[FE80::1]/app:1", "[FE80::1]/app:1", "hexadecimal capitals in an address"),
        .init("[::1]/app@\(sha256)", "[::1]/app@\(sha256)", "an IPv6 address and a digest"),
        .init("example.com:65535/app", "example.com:65535/app:latest", "the highest port"),
        .init("example.com:1/app", "example.com:1/app:latest", "the lowest port"),
        .init(
            "xn--bcher-kva.example/app", "xn--bcher-kva.example/app:latest",
            "an internationalised host in its ASCII form"),
        .init("3com.example/app", "3com.example/app:latest", "a label may start with a digit"),
        // Repositories.
        .init("a", "docker.io/library/a:latest", "one letter is enough"),
        .init("0", "docker.io/library/0:latest", "a digit is enough"),
        .init("123/456", "docker.io/123/456:latest", "digits only"),
        .init("a.b", "docker.io/library/a.b:latest", "without a slash a dot is part of the name"),
        .init("nifi-registry", "docker.io/library/nifi-registry:latest", "a dash inside a component"),
        .init("a/b-c_d.e", "docker.io/a/b-c_d.e:latest", "each separator once"),
        .init("a/b__c", "docker.io/a/b__c:latest", "two underscores are one separator"),
        .init("a/b--c", "docker.io/a/b--c:latest", "dashes may be repeated"),
        .init("a/b-----c", "docker.io/a/b-----c:latest", "any number of dashes"),
        .init("confluentinc/cp-kafka:7.6.1", "docker.io/confluentinc/cp-kafka:7.6.1", "a real name with a dash"),
        .init(
            "apache/flink:1.18.1-scala_2.12", "docker.io/apache/flink:1.18.1-scala_2.12", "a tag with '-', '_' and '.'"),
        .init("\(hex)0", "docker.io/library/\(hex)0:latest", "65 hexadecimal characters are a name"),
        .init(
            String(hex.dropLast()), "docker.io/library/\(hex.dropLast()):latest", "63 hexadecimal characters are a name"
        ),
        .init("\(hex):1", "docker.io/library/\(hex):1", "with a tag, 64 hexadecimal characters are a name"),
        .init("\(hex)@\(sha256)", "docker.io/library/\(hex)@\(sha256)", "with a digest they are one too"),
        .init("a/\(hex)", "docker.io/a/\(hex):latest", "behind an organisation they are one too"),
        .init(
            "quay.io/" + String(repeating: "a", count: 247), "quay.io/\(String(repeating: "a", count: 247)):latest",
            "255 characters of name"),
        // Tags.
        .init("a:1", "docker.io/library/a:1", "a tag of one digit"),
        .init("a:123456", "docker.io/library/a:123456", "a tag of digits only is a tag, not a port"),
        .init("a:_", "docker.io/library/a:_", "a tag may start with an underscore"),
        .init("a:_1.2-3", "docker.io/library/a:_1.2-3", "an underscore, then anything"),
        .init("a:V1", "docker.io/library/a:V1", "a tag may have capitals and keeps them"),
        .init("a:LATEST", "docker.io/library/a:LATEST", "LATEST is not latest"),
        .init("a:1.0.", "docker.io/library/a:1.0.", "a tag may end in a dot"),
        .init("a:1--2..3__4", "docker.io/library/a:1--2..3__4", "separators in a tag may be repeated"),
        .init(
            "a:" + String(repeating: "x", count: 128), "docker.io/library/a:" + String(repeating: "x", count: 128),
            "128 characters of tag"),
        .init("a:sha256", "docker.io/library/a:sha256", "an algorithm's name is a fine tag"),
        .init("a:\(hex)", "docker.io/library/a:\(hex)", "64 hexadecimal characters are a fine tag"),
        // Digests.
        .init("nginx@\(sha256)", "docker.io/library/nginx@\(sha256)", "a digest alone implies no tag"),
        .init("nginx:1.25@\(sha256)", "docker.io/library/nginx:1.25@\(sha256)", "tag and digest are both kept"),
        .init("nginx:latest@\(sha256)", "docker.io/library/nginx:latest@\(sha256)", "a written latest is kept"),
        .init("quay.io/a/b@\(sha512)", "quay.io/a/b@\(sha512)", "sha512 is registered too"),
        .init("localhost:5000/a:1@\(sha256)", "localhost:5000/a:1@\(sha256)", "port, tag and digest"),
        .init(sha256, "docker.io/library/\(sha256)", "a digest without an at sign is a name and a tag"),
        .init("index.docker.io/a@\(sha256)", "docker.io/library/a@\(sha256)", "defaults apply with a digest"),
    ]

    static let refused: [ReferenceCase] = [
        // Names.
        .init("", "must not be empty", "nothing is no name"),
        .init(" nginx", "without spaces", "no space in front"),
        .init("nginx ", "without spaces", "no space behind"),
        .init("ng inx", "without spaces", "no space inside"),
        .init("nginx\n", "printable ASCII", "no line break"),
        .init("nginx\t:1", "printable ASCII", "no tab"),
        .init("nginx\u{0}", "printable ASCII", "no NUL"),
        .init("ngínx", "printable ASCII", "no accents"),
        .init("ngin\u{0445}", "printable ASCII", "no look-alikes of other alphabets"),
        .init("nginx\u{200B}", "printable ASCII", "nothing invisible"),
        .init("https://quay.io/a", "without https://", "a name is no URL"),
        .init("docker://nginx", "without docker://", "a transport is no part of a name"),
        .init("Nginx", "did you mean 'nginx'?", "a capital in an official image"),
        .init("Nginx:1.25", "did you mean 'nginx:1.25'?", "the hint keeps the tag"),
        .init("apache/NiFi", "a repository is lowercase", "a capital behind the organisation"),
        .init("quay.io/K0s/pause", "a repository is lowercase", "a capital behind a host"),
        .init("docker.io/Apache/nifi", "a repository is lowercase", "behind the default host it is no host"),
        .init("Foo/Bar", "a repository is lowercase", "a capital in both words"),
        .init("NGINX@\(sha256)", "a repository is lowercase", "a capital with a digest"),
        .init(hex, "image ID", "64 hexadecimal characters are an ID"),
        .init("/nginx", "no empty path component", "no slash in front"),
        .init("nginx/", "empty path component", "no slash behind"),
        .init("a//b", "empty path component", "no empty component"),
        .init("quay.io/", "the repository is missing", "a host alone is no image"),
        .init("quay.io//a", "empty path component", "no empty component behind a host"),
        .init("docker.io/", "the repository is missing", "nor the default host"),
        .init("quay.io/a/", "empty path component", "no slash behind a path"),
        .init("-nginx", "'-nginx' is no path component", "no dash in front"),
        .init("nginx-", "'nginx-' is no path component", "no dash behind"),
        .init(".nginx", "'.nginx' is no path component", "no dot in front"),
        .init("_nginx", "'_nginx' is no path component", "no underscore in front"),
        .init("a/b..c", "'b..c' is no path component", "no two dots"),
        .init("a/b___c", "'b___c' is no path component", "no three underscores"),
        .init("a/b._c", "'b._c' is no path component", "separators don't mix"),
        .init("a/b-.c", "'b-.c' is no path component", "a dash is no exception"),
        .init("a/..", "'..' is no path component", "no way up"),
        .init("quay.io/../etc", "'..' is no path component", "no way up behind a host"),
        .init("./a", "no registry host", "a relative path is no name"),
        .init("../a", "no registry host", "nor is one that leads up"),
        .init("a+b", "'a+b' is no path component", "no plus"),
        .init("a/b$c", "'b$c' is no path component", "no dollar: a template that was not filled in"),
        .init("a/{{b}}", "is no path component", "no braces"),
        .init("quay.io/" + String(repeating: "a", count: 248), "at most 255", "256 characters of name"),
        // Hosts.
        .init("-a.com/b", "no registry host", "a label doesn't start with a dash"),
        .init("a-.com/b", "no registry host", "a label doesn't end with a dash"),
        .init("a..com/b", "no registry host", "no empty label"),
        .init(".com/b", "no registry host", "no dot in front"),
        .init("a.com./b", "no registry host", "no dot behind"),
        .init("a_b.com/c", "no registry host", "no underscore in a host"),
        .init("user@quay.io/a", "ALGORITHM:HEX", "no user in a name"),
        .init("a.com:/b", "no registry host", "a port has digits"),
        .init("a.com:x/b", "no registry host", "only digits"),
        .init("a.com:0/b", "no registry host", "port 0 is none"),
        .init("a.com:65536/b", "no registry host", "a port is at most 65535"),
        .init("a.com:123456/b", "no registry host", "a port has at most five digits"),
        .init("a.com:1:2/b", "no registry host", "one port"),
        .init("::1/a", "no registry host", "an IPv6 address needs its brackets"),
        .init("[::1/a", "no registry host", "both brackets"),
        .init("[]/a", "'[]' is no path component", "an address in them, or they are no host"),
        .init("[::1]x/a", "no registry host", "nothing but a port behind them"),
        .init("[::g]/a", "no registry host", "hexadecimal only"),
        .init("[fe80::1%25eth0]/a", "no registry host", "no zone"),
        .init("[::1]:5000", "is no path component", "an address alone is no image"),
        // Tags and digests.
        .init("a:", "a tag is 1 to 128", "a colon wants a tag"),
        .init("a:-1", "a tag is 1 to 128", "a tag doesn't start with a dash"),
        .init("a:.1", "a tag is 1 to 128", "nor with a dot"),
        .init("a:1+2", "a tag is 1 to 128", "no plus, although versions have it"),
        .init("a:v1.36.3+k0s.0", "a tag is 1 to 128", "k0s' own version is no tag"),
        .init("a:${TAG}", "a tag is 1 to 128", "no variable that nobody has filled in"),
        .init("a:{{ .Values.tag }}", "printable ASCII", "nor a template"),
        .init("a:1:2", "'a:1' is no path component", "one tag"),
        .init("a:" + String(repeating: "x", count: 129), "a tag is 1 to 128", "129 characters of tag"),
        .init("a@", "ALGORITHM:HEX", "an at sign wants a digest"),
        .init("a@sha256", "ALGORITHM:HEX", "an algorithm alone is no digest"),
        .init("a@sha256:", "exactly 64", "no empty value"),
        .init("a@sha256:\(hex.dropLast())", "exactly 64", "63 characters of sha256"),
        .init("a@sha256:\(hex)0", "exactly 64", "65 characters of sha256"),
        .init("a@sha256:\(hex.uppercased())", "lowercase", "a digest in capitals"),
        .init("a@SHA256:\(hex)", "sha256 or sha512", "an algorithm in capitals"),
        .init("a@md5:0123", "sha256 or sha512", "an algorithm that isn't registered"),
        .init("a@sha512:\(hex)", "exactly 128", "the length is the algorithm's"),
        .init("a@latest", "ALGORITHM:HEX", "a tag behind an at sign"),
        .init("a@\(sha256)@\(sha256)", "exactly 64", "one digest"),
        .init("a@\(sha256):1", "exactly 64", "the tag stands before the digest"),
        .init("@\(sha256)", "no empty path component", "a digest alone is no name"),
        .init(":1", "no empty path component", "a tag alone is no name"),
    ]

    @Test(arguments: accepted) func normalises(_ reference: ReferenceCase) throws {
        let parsed = try ImageReference(parsing: reference.written)
        #expect(parsed.description == reference.expected, "\(reference.rule)")
        #expect(try ImageReference(parsing: parsed.description) == parsed, "what is normalised stays as it is")
    }

    @Test(arguments: refused) func refuses(_ reference: ReferenceCase) {
        let error = #expect(throws: Malformed.self, "\(reference.rule)") {
            try ImageReference(parsing: reference.written)
        }
        #expect(error?.rule.contains(reference.expected) == true, "\(error?.rule ?? "") for: \(reference.rule)")
        #expect(error?.subject == "image reference")
    }

    @Test func theTableIsLargeAndHasNoCaseTwice() {
        let all = (Self.accepted + Self.refused).map(\.written)
        #expect(all.count >= 120)
        #expect(Set(all).count == all.count)
    }

    /// Pairs that a search for a part of the text takes for the same.
    @Test(arguments: [
        ("apache/nifi:1.23.2", "apache/nifi-registry:1.23.2"), ("traefik:v2.9", "traefik:v2.9.10"),
        ("nginx", "library/nginx:1"), ("nginx", "quay.io/library/nginx"), ("a:latest", "a:LATEST"),
        ("localhost/a", "localhost:5000/a"), ("docker.io/a", "docker.io:443/a"), ("a:1", "a:1@\(sha256)"),
        ("a@\(sha256)", "a:latest@\(sha256)"), ("provectuslabs/kafka-ui:v0.7.2", "provectuslabs/kafka:v0.7.2"),
    ]) func neverMatches(_ left: String, _ right: String) throws {
        #expect(try ImageReference(parsing: left) != ImageReference(parsing: right))
    }

    @Test(arguments: [
        ("image", "docker.io/image"), ("image", "image:latest"), ("image:latest", "docker.io/library/image"),
        ("index.docker.io/image", "library/image:latest"), ("org/image", "docker.io/org/image:latest"),
    ]) func matches(_ left: String, _ right: String) throws {
        let (left, right) = (try ImageReference(parsing: left), try ImageReference(parsing: right))
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
    }

    @Test func asksTheRuntimeWithoutTheTagWhereThereIsADigest() throws {
        let both = try ImageReference(parsing: "nginx:1.25@\(sha256)")
        #expect(both.runtimeName == "docker.io/library/nginx@\(sha256)")
        #expect(both.taggedName == "docker.io/library/nginx:1.25")
        #expect(both.digestedName(try #require(both.digest)) == "docker.io/library/nginx@\(sha256)")
        #expect(try ImageReference(parsing: "nginx:1.25").runtimeName == "docker.io/library/nginx:1.25")
        #expect(try ImageReference(parsing: "nginx@\(sha256)").taggedName == nil)
    }

    @Test func knowsWhetherTheTagWasWritten() throws {
        #expect(try ImageReference(parsing: "nginx").tagIsImplied)
        #expect(try !ImageReference(parsing: "nginx:latest").tagIsImplied)
        #expect(try !ImageReference(parsing: "nginx@\(sha256)").tagIsImplied)
    }

    @Test func splitsIntoItsParts() throws {
        let reference = try ImageReference(parsing: "localhost:5000/a/b:1@\(sha256)")
        #expect(reference.registry == "localhost:5000")
        #expect(reference.repository == "a/b")
        #expect(reference.tag == "1")
        #expect(reference.digest?.description == sha256)
        #expect(reference.name == "localhost:5000/a/b")
    }

    @Test func sortsByItsText() throws {
        let names = ["quay.io/b", "docker.io/a/b", "a"].map { try? ImageReference(parsing: $0) }.compactMap { $0 }
        #expect(names.sorted().map(\.name) == ["docker.io/a/b", "docker.io/library/a", "quay.io/b"])
    }
}
