import Definition
import DefinitionTestSupport
import SystemPackage
import Testing

private let base = """
    apiVersion: sealift/v1
    kind: Bundle
    metadata: {name: demo, version: 1.0.0}
    platforms: [linux/amd64]
    stages:
      - name: core
        manifests: [a.yaml]

    """

/// One mistake in a bundle.yaml: the text that is replaced in, or added to, a good one, and what is said about it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let yaml: String
    let expected: String
    var hint: String?

    /// `added` stands in line 8.
    init(adding added: String, _ expected: String, hint: String? = nil) {
        self.init(base + added, expected, hint: hint)
    }

    init(_ old: String, _ new: String, _ expected: String, hint: String? = nil) {
        self.init(
            base.split(separator: old, omittingEmptySubsequences: false).joined(separator: new), expected, hint: hint)
    }

    private init(_ yaml: String, _ expected: String, hint: String?) {
        self.yaml = yaml
        self.expected = expected
        self.hint = hint
    }

    static func whole(_ yaml: String, _ expected: String, hint: String? = nil) -> Mistake {
        .init(yaml, expected, hint: hint)
    }

    var testDescription: String { expected }
}

@Suite struct DefinitionErrorTests {
    static let syntax: [Mistake] = [
        .whole("", "bundle.yaml: not valid yaml: the file is empty"),
        .whole("# only a comment\n", "bundle.yaml: not valid yaml: the file is empty"),
        .whole("a: [1\nb: 2", "bundle.yaml:2:2: not valid yaml: did not find expected ',' or ']'"),
        .whole("a: 1\n b: 2", "bundle.yaml:2:3: not valid yaml: mapping values are not allowed in this context"),
        .whole(
            "a: 1\n\tb: 2", "bundle.yaml:2:1: not valid yaml: found a tab character that violates indentation",
            hint: "indent with spaces"),
        .whole(
            "a:\n\tb: 2", "bundle.yaml:2:1: not valid yaml: found character that cannot start any token",
            hint: "tabs are not yaml"),
        .whole("a: {{ b }}\n", "bundle.yaml:1"),
        .whole("a: *b\n", "bundle.yaml:1:4: not valid yaml: found undefined alias"),
        .whole("a: \u{1}\n", "bundle.yaml:1: not valid yaml: control characters are not allowed"),
        .whole(base + "---\na: 1\n", "bundle.yaml:9: not valid yaml: a second document"),
        .whole("- a\n", "bundle.yaml:1: the document must be a mapping, not a list"),
        .whole("just text\n", "bundle.yaml:1: the document must be a mapping, not a single value"),
        .whole("? [a]\n: 1\n", "bundle.yaml:1: not valid yaml: a key must be a single value"),
        .whole("a: 1\nb: 2\na: 3\n", "bundle.yaml:1: the key 'a' stands here more than once"),
        // The same key, however it is written: in JSON there are only texts.
        .whole("1: a\n\"1\": b\n", "bundle.yaml:1: the key '1' stands here more than once"),
    ]

    static let keys: [Mistake] = [
        .whole("kind: Bundle\n", "bundle.yaml:1: the document has no 'apiVersion'", hint: "apiVersion, kind"),
        .init(
            "sealift/v1", "sealift/v2", "bundle.yaml:1: apiVersion can't be 'sealift/v2': this version of Sealift reads"
        ),
        .init("kind: Bundle", "kind: Deployment", "bundle.yaml:2: kind can't be 'Deployment'"),
        .init(
            adding: "stage: []\n", "bundle.yaml:8: unknown key 'stage' in the document; the keys here are apiVersion",
            hint: "did you mean 'stages'?"),
        .init(adding: "\n\nwhatever: 1\n", "bundle.yaml:10: unknown key 'whatever' in the document"),
        .init(
            "{name: demo, version: 1.0.0}", "{name: demo, versoin: 1.0.0}",
            "bundle.yaml:3: unknown key 'versoin' in metadata; the keys here are name, version, description",
            hint: "did you mean 'version'?"),
        .init("metadata: {name: demo, version: 1.0.0}\n", "", "bundle.yaml:1: the document has no 'metadata'"),
        .init(
            "version: 1.0.0", "description: x", "bundle.yaml:3: metadata has no 'version'",
            hint: "the keys here are name, version, description"),
        .init("    manifests: [a.yaml]\n", "", "bundle.yaml:6: stages[0] has no 'manifests'"),
        .init(
            "  - name: core\n    manifests: [a.yaml]\n", "  - core\n",
            "bundle.yaml:6: stages[0] must be a mapping, not a single value"),
        .init("[a.yaml]", "a.yaml", "bundle.yaml:7: stages[0].manifests must be a list, not a single value"),
        .init("[linux/amd64]", "{linux/amd64: 1}", "bundle.yaml:4: platforms must be a list, not a mapping"),
        .init("name: demo,", "name: [demo],", "bundle.yaml:3: metadata.name must be a text, not a list"),
        .init("name: demo,", "name: ,", "bundle.yaml:3: metadata.name must be a text, not nothing"),
        .init(adding: "profiles: []\n", "bundle.yaml:8: profiles must be a mapping, not a list"),
    ]

    static let values: [Mistake] =
        [
            .init("name: demo", "name: Demo", "bundle.yaml:3: metadata.name can't be 'Demo': a name is"),
            .init("name: demo", "name: ../x", "bundle.yaml:3: metadata.name can't be '../x'"),
            .init("1.0.0", "1/0", "bundle.yaml:3: metadata.version can't be '1/0': a version is"),
            .init("1.0.0", "-1", "bundle.yaml:3: metadata.version can't be '-1'"),
            .init(
                "[linux/amd64]", "[]", "bundle.yaml:4: platforms can't be '[]': a bundle is for at least one platform"),
            .init("[linux/amd64]", "[amd64]", "bundle.yaml:4: platforms[0]: malformed platform 'amd64'"),
            .init(
                "[linux/amd64]", "[linux/amd64, linux/x86_64]",
                "bundle.yaml:4: platform 'linux/amd64' stands in line 4 already"),
            .init("name: core", "name: Core Stage", "bundle.yaml:6: stages[0].name can't be 'Core Stage'"),
            .init(
                adding: "  - {name: core, manifests: [b.yaml]}\n",
                "bundle.yaml:8: stage 'core' stands in line 6 already"),
            .init(
                adding: "  - {name: more, manifests: [a.yaml]}\n",
                "bundle.yaml:8: manifest 'a.yaml' stands in line 7 already"),
            .init("[a.yaml]", "[b*.yml]", "bundle.yaml:7: stages[0].manifests[0] 'b*.yml' matches no file"),
            .init(
                "[a.yaml]", "[c.yaml]", "bundle.yaml:7: stages[0].manifests[0] 'c.yaml': no such file", hint: "relative"
            ),
            .init("[a.yaml]", "[folder]", "bundle.yaml:7: stages[0].manifests[0] 'folder': no such file"),
            .init(
                "[a.yaml]", "[../a.yaml]",
                "bundle.yaml:7: stages[0].manifests[0] '../a.yaml' leads out of the bundle's folder"),
            .init(
                "[a.yaml]", "[folder/../../a.yaml]",
                "bundle.yaml:7: stages[0].manifests[0] 'folder/../../a.yaml' leads out"),
            .init("[a.yaml]", "[/etc/passwd]", "bundle.yaml:7: stages[0].manifests[0] '/etc/passwd' leads out"),
            .init("[a.yaml]", "['../*/a.yaml']", "bundle.yaml:7: stages[0].manifests[0] '../*/a.yaml' leads out"),
            .init("[a.yaml]", "[\"a\\0\"]", "bundle.yaml:7: stages[0].manifests[0] can't be"),
        ]
        + ["5", "5 m", "m", "-1m", "0s", "25h", "1m1h", "1.5m", "99999999s"].map {
            .init(
                adding: "    ready: {timeout: '\($0)'}\n",
                "bundle.yaml:8: stages[0].ready.timeout can't be '\($0)': a time is written 90s, 5m or 1h30m")
        }

    static let sections: [Mistake] = [
        .init(adding: "images: [{reference: busybox}]\n", "bundle.yaml:8: images[0] has no 'reason'"),
        .init(
            adding: "images: [{reference: BusyBox, reason: x}]\n",
            "bundle.yaml:8: images[0].reference: malformed image reference 'BusyBox': a repository is lowercase"),
        .init(
            adding: "ignore: [{reference: x, reason: ''}]\n",
            "bundle.yaml:8: ignore[0].reason can't be '': it must not be empty"),
        .init(
            adding: "ignore: [{lint: hostpath, where: x, reason: y}]\n",
            "bundle.yaml:8: ignore[0].lint can't be 'hostpath': the choices are latest-tag, pull-policy-always",
            hint: "did you mean 'host-path'?"),
        .init(adding: "ignore: [{lint: host-path, reason: y}]\n", "bundle.yaml:8: ignore[0] has no 'where'"),
        .init(
            adding: "ignore: [{lint: host-path, where: x, reference: z, reason: y}]\n",
            "bundle.yaml:8: unknown key 'reference' in ignore[0]; the keys here are lint, where, reason"),
        .init(
            adding: "files: [{name: a}]\n", "bundle.yaml:8: files[0] has no 'url'",
            hint: "url, path, sha256, sha256sums"),
        .init(
            adding: "files: [{name: a, url: 'https://x/y', path: a.yaml}]\n",
            "bundle.yaml:8: files[0].path can't be 'a.yaml': a file has either a url or a path"),
        .init(adding: "files: [{name: a, url: 'ftp://x/y'}]\n", "bundle.yaml:8: files[0].url can't be 'ftp://x/y'"),
        .init(adding: "files: [{name: a, url: 'https:///y'}]\n", "bundle.yaml:8: files[0].url can't be 'https:///y'"),
        .init(
            adding: "files: [{name: a, url: 'https://u:secret@x/y'}]\n",
            "bundle.yaml:8: files[0].url can't be '…': a url carries no user name and no password"),
        .init(adding: "files: [{name: a/b, url: 'https://x/y'}]\n", "bundle.yaml:8: files[0].name can't be 'a/b'"),
        .init(adding: "files: [{name: .., url: 'https://x/y'}]\n", "bundle.yaml:8: files[0].name can't be '..'"),
        .init(
            adding: "files:\n- {name: a, url: 'https://x/y'}\n- {name: a, url: 'https://x/z'}\n",
            "bundle.yaml:10: file 'a' stands in line 9 already"),
        .init(
            adding: "files: [{name: a, url: 'https://x/y', mode: '4755'}]\n",
            "bundle.yaml:8: files[0].mode can't be '4755'"),
        .init(
            adding: "files: [{name: a, url: 'https://x/y', mode: '0888'}]\n",
            "bundle.yaml:8: files[0].mode can't be '0888'"),
        .init(
            adding: "files: [{name: a, url: 'https://x/y', sha256: abc}]\n",
            "bundle.yaml:8: files[0].sha256: malformed digest 'sha256:abc'"),
        .init(
            adding: "files: [{name: a, url: 'https://x/y', sha256: abc, sha256sums: 'https://x'}]\n",
            "bundle.yaml:8: files[0].sha256sums can't be"),
        .init(adding: "parameters: [{name: 1a}]\n", "bundle.yaml:8: parameters[0].name can't be '1a'"),
        .init(
            adding: "parameters: [{name: a, type: int}]\n",
            "bundle.yaml:8: parameters[0].type can't be 'int': the choices"),
        .init(
            adding: "parameters: [{name: a, type: integer, default: x}]\n",
            "bundle.yaml:8: parameter 'a' can't be 'x': an integer is wanted"),
        .init(adding: "parameters: [{name: a, default: \"x\\ny\"}]\n", "bundle.yaml:8: parameter 'a' can't be 'x\\ny'"),
        .init(
            adding: "parameters: [{name: a, default: x, generate: {length: 9}}]\n",
            "bundle.yaml:8: parameters[0].generate can't be '…': a parameter has either"),
        .init(
            adding: "parameters: [{name: a, type: integer, generate: {length: 9}}]\n",
            "bundle.yaml:8: parameters[0].generate"),
        .init(
            adding: "parameters: [{name: a, generate: {length: 3}}]\n",
            "bundle.yaml:8: parameters[0].generate.length can't be '3'"),
        .init(
            adding: "parameters: [{name: a, generate: {length: 9, format: hex}}]\n",
            "bundle.yaml:8: parameters[0].generate.format can't be 'hex'"),
        .init(
            adding: "parameters: [{name: a, generate: {length: 9, format: uuid-base64}}]\n",
            "bundle.yaml:8: parameters[0].generate can't be '9': a uuid in base64 has 22"),
        .init(
            adding: "parameters: [{name: a, choices: [x, y], default: z}]\n",
            "bundle.yaml:8: parameter 'a' can't be 'z': the choices are x, y"),
        .init(
            adding: "parameters: [{name: a, type: integer, choices: [1, y]}]\n",
            "bundle.yaml:8: parameter 'a' can't be 'y': an integer is wanted"),
        .init(
            adding: "parameters: [{name: a, choices: []}]\n",
            "bundle.yaml:8: parameters[0].choices can't be '[]': there is something to choose from"),
        .init(
            adding: "parameters: [{name: a, choices: [x, x]}]\n",
            "bundle.yaml:8: parameters[0].choices[1] can't be 'x': each choice is named once"),
        .init(
            adding: "parameters: [{name: a, choices: [x], generate: {length: 9}}]\n",
            "bundle.yaml:8: parameters[0].generate can't be '…': only a parameter of type string without choices"),
        .init(
            adding: "parameters: [{name: a, choices: [x]}]\nprofiles:\n  p:\n    a: y\n",
            "bundle.yaml:11: parameter 'a' can't be 'y': the choices are x"),
        .init(
            adding: "parameters: [{name: a, type: integer, minLength: 2}]\n",
            "bundle.yaml:8: parameters[0].minLength can't be '2': only a parameter of type string without choices"),
        .init(
            adding: "parameters: [{name: a, minLength: 0}]\n",
            "bundle.yaml:8: parameters[0].minLength can't be '0': a length is 1 to 256 characters"),
        .init(
            adding: "parameters: [{name: a, minLength: 4, default: abc}]\n",
            "bundle.yaml:8: parameter 'a' can't be 'abc': 4 characters at least are wanted"),
        .init(
            adding: "parameters: [{name: a, minLength: 12, generate: {length: 11}}]\n",
            "bundle.yaml:8: parameters[0].generate can't be '…': the value has 12 characters at least"),
        .init(adding: "parameters: [{name: a}, {name: a}]\n", "bundle.yaml:8: parameter 'a' stands in line 8 already"),
        .init(
            adding: "parameters: [{name: replicas}]\nprofiles:\n  p:\n    replica: 1\n",
            "bundle.yaml:11: unknown parameter 'replica': the parameters are replicas", hint: "did you mean 'replicas'?"
        ),
        .init(
            adding: "kubernetes: {distribution: k3s, version: 1, binary: {}}\n",
            "bundle.yaml:8: kubernetes.distribution can't be 'k3s': the only distribution"),
        .init(
            adding: "kubernetes: {distribution: k0s, version: 1, binary: {}}\n",
            "bundle.yaml:8: kubernetes.binary has no 'linux/amd64'"),
        .init(
            adding: "kubernetes: {distribution: k0s, version: 1, binary: {linux/arm64: {path: a.yaml}}}\n",
            "bundle.yaml:8: kubernetes.binary.linux/arm64 can't be 'linux/arm64': the bundle's platforms are linux/amd64"
        ),
        .init(
            adding: "kubernetes: {distribution: k0s, version: 1, binary: {linux/amd64: {path: a.yaml}}, images: [A]}\n",
            "bundle.yaml:8: kubernetes.images[0]: malformed image reference 'A'"),
    ]

    @Test(arguments: syntax + keys + values + sections) func isRefusedWithItsPlace(_ mistake: Mistake) throws {
        let files = ["bundle.yaml": mistake.yaml, "a.yaml": "", "b.yaml": "", "folder/x.yaml": ""]
        try withFolder(files) { folder in
            let found = try message(in: folder) { _ = try BundleDefinition(at: folder) }
            #expect(found?.text.hasPrefix(mistake.expected) == true, "\(found?.text ?? "no error")")
            if let hint = mistake.hint { #expect(found?.hint?.contains(hint) == true, "\(found?.hint ?? "no hint")") }
            #expect(found?.text.contains("\n") == false)
        }
    }

    @Test func theDefinitionThatTheMistakesAreMadeInIsGood() throws {
        try withFolder(["bundle.yaml": base, "a.yaml": ""]) { _ = try BundleDefinition(at: $0) }
    }

    @Test func noPathLeavesTheFolderThroughASymbolicLink() throws {
        try withFolder(["outside/a.yaml": "", "demo/bundle.yaml": base, "demo/inside.yaml": ""]) { root in
            let folder = root.appending("demo")
            try link(folder.appending("a.yaml"), to: "../outside/a.yaml")
            let byFile = try message(in: folder) { _ = try BundleDefinition(at: folder) }
            #expect(byFile?.text == "bundle.yaml:7: stages[0].manifests[0] 'a.yaml' leads out of the bundle's folder")
            #expect(byFile?.hint?.contains("symbolic links") == true)

            try link(folder.appending("sub"), to: "../outside")
            for pattern in ["sub/a.yaml", "'sub/*.yaml'", "'s*/a.yaml'", "'*.yaml'"] {
                let changed = base.split(separator: "a.yaml", omittingEmptySubsequences: false).joined(
                    separator: pattern)
                try write(changed, to: folder.appending("bundle.yaml"))
                let byPattern = try message(in: folder) { _ = try BundleDefinition(at: folder) }
                #expect(byPattern?.text.hasSuffix("leads out of the bundle's folder") == true, "\(pattern)")
            }
        }
    }

    @Test func aLinkInsideTheFolderIsFine() throws {
        try withFolder(["demo/bundle.yaml": base, "demo/sub/b.yaml": "x: 1"]) { root in
            try link(root.appending("demo/a.yaml"), to: "sub/b.yaml")
            let definition = try BundleDefinition(at: root.appending("demo"))
            #expect(try definition.stages[0].manifests[0].text() == "x: 1")
            // The folder itself may be reached by any way.
            try link(root.appending("alias"), to: "demo")
            _ = try BundleDefinition(at: root.appending("alias"))
        }
    }

    @Test func aliasesOfAliasesAreCountedNotFollowedForEver() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...8 {
            text +=
                "a\(level): &a\(level) [" + repeatElement("*a\(level - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        #expect(throws: DefinitionError.self) { try YAMLNode.documents(in: text, file: "bomb.yaml") }
    }

    @Test func aFileThatIsNotTextIsRefused() throws {
        try withFolder(["bundle.yaml": base]) { folder in
            #expect(throws: DefinitionError.self) { try readText(at: folder) }
            let missing = try message(in: folder) { _ = try readText(at: folder.appending("none")) }
            #expect(missing?.text == "none: can't be read: no such file or directory")
        }
    }

    @Test(arguments: [
        ("a.yaml", "*.yaml", true), ("a.yaml", "?.yaml", true), ("ab.yaml", "?.yaml", false), (".a", "*", false),
        (".a", ".*", true), ("a", "*", true), ("abc", "a*c", true), ("abc", "a*b", false), ("aXbXc", "*X*", true),
        ("", "", true), ("a", "", false), ("a[1]", "a[1]", true), ("a1", "a[1]", false), ("ü", "?", true),
        (String(repeating: "a", count: 60), String(repeating: "*a", count: 25) + "b", false),
    ]) func globs(_ name: String, _ pattern: String, _ matches: Bool) {
        #expect(matchesGlob(name, pattern) == matches)
    }
}
