import BundleFormat
import Testing

@Suite struct ParameterTests {
    @Test(arguments: [
        (Parameter.Kind.string, ["", "a b", "ä: [1]", "${x}", "\"", "https://a"]),
        (.integer, ["0", "-1", "42", "9223372036854775807"]),
        (.boolean, ["true", "false"]),
        (.path, ["/tmp", "/srv/data-1/x_y.z", "/a..b", "/~x"]),
        (.quantity, ["0", "1", "500m", "1.5", ".5", "2.", "2Gi", "+1k", "-1", "1e3", "1E-3", "100M", "1Ei", "1E"]),
        (
            .host,
            [
                "a", "node-1", "a.example.com", "10.0.0.1", "::1", "::", "2001:db8::1", "fe80:0:0:0:0:0:0:1", "1::",
                "3com.example", "A.Example",
            ]
        ),
    ])
    func takes(_ kind: Parameter.Kind, _ values: [String]) throws {
        for value in values { try Parameter(name: "p", kind: kind).validate(value) }
    }

    @Test(arguments: [
        (Parameter.Kind.string, ["a\nb", "a\rb", "\t", "\u{0}", "\u{1B}[2J", "\u{85}", "\u{2028}"]),
        (.integer, ["", "1.0", "0x1", "+1", " 1", "1 ", "one", "9223372036854775808"]),
        (.boolean, ["", "True", "yes", "1"]),
        (
            .path,
            ["", "/", "tmp", "./a", "/a/..", "/../a", "/a/./b", "/a//b", "/a/", "/a b", "/a\"", "/a:b", "/a\nb", "/ä"]
        ),
        (.quantity, ["", "Gi", ".", "1 Gi", "1gi", "1KB", "1e", "1e+", "--1", "1.5.5", "½", "1Gib"]),
        (
            .host,
            [
                "", ".", "a.", ".a", "-a", "a-", "a_b", "a b", "a:80", "https://a", "10.0.0.256", "10.0.0", "1.2.3.4.5",
                "[::1]", ":", ":::", "1:2", "::1::", "12345::", "g::", ":1::2", "1:2:3:4:5:6:7:8:9", "::1/64",
            ]
        ),
    ])
    func refuses(_ kind: Parameter.Kind, _ values: [String]) {
        for value in values {
            #expect(throws: ParameterError.self, "\(kind) \(value.debugDescription)") {
                try Parameter(name: "p", kind: kind).validate(value)
            }
        }
    }

    private let parameters = [
        Parameter(name: "replicas", kind: .integer, value: "1"), Parameter(name: "dataDir", kind: .path, value: "/tmp"),
        Parameter(name: "host", kind: .host), Parameter(name: "tag", kind: .string, value: "1.2", isFrozen: true),
    ]
    private let profiles = ["small": ["replicas": "2", "dataDir": "/small"], "near": ["dataDir": "/near"]]

    @Test func laysTheProfileOverDefaultsAndOverridesOverBoth() throws {
        #expect(try Parameter.resolve(parameters) == ["replicas": "1", "dataDir": "/tmp", "tag": "1.2"])
        #expect(
            try Parameter.resolve(
                parameters, profiles: profiles, profile: "small", overrides: ["dataDir": "/mine", "host": "node"])
                == ["replicas": "2", "dataDir": "/mine", "host": "node", "tag": "1.2"])
    }

    @Test func laysSeveralProfilesInTheirOrder() throws {
        func resolved(_ profile: String) throws -> [String: String] {
            try Parameter.resolve(parameters, profiles: profiles, profile: profile)
        }
        #expect(try resolved("small,near") == ["replicas": "2", "dataDir": "/near", "tag": "1.2"])
        #expect(try resolved("near,small") == ["replicas": "2", "dataDir": "/small", "tag": "1.2"])
        for wrong in ["small,", ",small", "small, near", ""] {
            #expect(throws: ParameterError.self, "\(wrong)") { try resolved(wrong) }
        }
    }

    @Test func takesNothingButItsChoices() throws {
        let policy = Parameter(name: "policy", kind: .string, choices: ["Never", "IfNotPresent"])
        try policy.validate("Never")
        do {
            try policy.validate("never")
            Issue.record("it was taken")
        } catch {
            #expect(error.description == "parameter 'policy' can't be 'never': the choices are Never, IfNotPresent")
        }
    }

    @Test func takesNothingShorterThanItSays() throws {
        let user = Parameter(name: "user", kind: .string, description: "who logs in", minLength: 4)
        try user.validate("anna")
        try user.validate("änna")
        #expect(user.meaning == "who logs in; 4 characters at least")
        #expect(throws: ParameterError.invalid(name: "user", value: "ann", rule: "4 characters at least are wanted")) {
            try user.validate("ann")
        }
    }

    private func error(profile: String? = nil, _ overrides: [String: String] = [:]) -> ParameterError? {
        do {
            _ = try Parameter.resolve(parameters, profiles: profiles, profile: profile, overrides: overrides)
            return nil
        } catch { return error }
    }

    @Test func refusesWhatDoesNotExistWithASuggestion() {
        let unknown = error(["repicas": "1"])
        #expect(
            unknown?.description == "unknown parameter 'repicas': the parameters are dataDir, host, replicas, tag")
        #expect(unknown?.hint == "did you mean 'replicas'?")
        let profile = error(profile: "smal")
        #expect(profile?.description == "unknown profile 'smal': the profiles are near, small")
        #expect(profile?.hint == "did you mean 'small'?")
    }

    @Test func refusesValuesOfTheWrongKindWithoutPrintingControlCharacters() {
        let wrong = error(["replicas": "two\u{1B}"])
        #expect(wrong?.description.contains("parameter 'replicas' can't be 'two\\u{1B}'") == true)
        #expect(
            error(["replicas": "two"])?.description
                == "parameter 'replicas' can't be 'two': an integer is wanted, as in 3")
        let secret = ParameterError.invalid(name: "apiToken", value: "hush", rule: "no")
        #expect("\(secret)" == "parameter 'apiToken' can't have the value that it was given: no")
    }

    @Test func refusesToChangeWhatImagesDependOn() throws {
        #expect(error(["tag": "1.3"])?.description.contains("images of this bundle were chosen with '1.2'") == true)
        #expect(try Parameter.resolve(parameters, overrides: ["tag": "1.2"])["tag"] == "1.2")
    }

    @Test(arguments: [
        ("a", true), ("dataDir", true), ("a-b_2", true), ("", false), ("2a", false), ("a b", false), ("-a", false),
        ("ä", false),
    ])
    func names(_ text: String, _ isName: Bool) { #expect(Parameter.isName(text) == isName) }
}

@Suite struct ParameterExpansionTests {
    private let expansion: ParameterExpansion

    init() throws {
        let parameters = [
            Parameter(name: "a", kind: .string), Parameter(name: "long-name_2", kind: .string),
            Parameter(name: "empty", kind: .string), Parameter(name: "unset", kind: .string),
        ]
        expansion = try ParameterExpansion(
            parameters: parameters, values: ["a": "A", "long-name_2": "${{ a }}", "empty": ""])
    }

    @Test(arguments: [
        ("", ""), ("plain $text {{ x }} $ {{", "plain $text {{ x }} $ {{"), ("${{ a }}", "A"), ("${{a}}", "A"),
        ("${{   a}}", "A"), ("x${{ a }}y${{ a }}z", "xAyAz"), ("${{ empty }}", ""), ("$${{ a }}", "${{ a }}"),
        ("$$${{ a }}", "$${{ a }}"), ("$${{", "${{"), ("${a} $a", "${a} $a"), ("ä${{ a }}ß", "äAß"),
        ("1\n2 ${{ a }}\r\n3", "1\n2 A\r\n3"), ("${{ long-name_2 }}", "${{ a }}"), ("$", "$"), ("${", "${"),
    ]) func expands(_ text: String, _ expected: String) throws {
        #expect(try expansion.expand(text) == expected)
    }

    @Test func keepsEveryLineInItsPlace() throws {
        let text = "1\n2 ${{ a }}\n$${{ x }}\n\n5 ${{ empty }}\n"
        let expanded = try expansion.expand(text)
        #expect(expanded.filter { $0 == "\n" }.count == text.filter { $0 == "\n" }.count)
        #expect(expanded.split(separator: "\n", omittingEmptySubsequences: false)[4] == "5 ")
    }

    @Test(arguments: [
        ("\n\n${{ b }}", 3, "unknown parameter 'b': the parameters are a, empty, long-name_2, unset"),
        ("\n${{ unset }}", 2, "parameter 'unset' has no value"),
        ("x\ny ${{ a\n}}", 2, "'${{' is not closed by '}}' on the same line"),
        ("${{ }}", 1, "'' is no parameter name"), ("${{ a.b }}", 1, "'a.b' is no parameter name"),
        ("$${{ ok }}\n${{ a b }}", 2, "'a b' is no parameter name"),
    ]) func refuses(_ text: String, _ line: Int, _ message: String) {
        let error = #expect(throws: ParameterError.self) { try expansion.expand(text) }
        #expect(error?.line == line)
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
        #expect(error?.hint != nil || text.contains("b }}"))
    }

    @Test func refusesValuesThatAreNotOfTheirKind() {
        #expect(throws: ParameterError.self) {
            try ParameterExpansion(parameters: [.init(name: "n", kind: .integer)], values: ["n": "x"])
        }
        #expect(throws: ParameterError.self) { try ParameterExpansion(parameters: [], values: ["n": "x"]) }
        #expect(throws: ParameterError.self) {
            try ParameterExpansion(parameters: [.init(name: "n", kind: .string)], values: ["n": "x\ny: z"])
        }
    }

    @Test func namesWhatATextAsksFor() throws {
        #expect(try ParameterExpansion.names(in: "${{ a }} $${{ b }} ${{ c }} ${{ a }}") == ["a", "c"])
    }

    @Test(arguments: [
        ("manifest", "manifests"), ("stagse", "stages"), ("NAME", "name"), ("verison", "version"),
    ]) func suggestsTheNearestName(_ written: String, _ expected: String) {
        let names = ["name", "version", "stages", "manifests", "images"]
        #expect(nearestName(to: written, among: names) == expected)
        #expect(nearestName(to: "entirely-different", among: names) == nil)
    }
}
