import BundleFormat
import CommandSupport
import Testing

/// What shells offer behind `--set` and `--profile`.
@Suite struct ValueCompletionTests {
    private let offered = ValueCompletion(
        parameters: [
            Parameter(name: "replicas", kind: .integer), Parameter(name: "tls", kind: .boolean),
            Parameter(name: "mode", kind: .string, choices: ["fast", "safe"]),
            Parameter(name: "image", kind: .string, isFrozen: true),
        ], profiles: ["small", "busy"])

    @Test func namesAreOfferedUnlessTheyAreFixed() {
        #expect(offered.assignments(for: "") == ["replicas=", "tls=", "mode="])
    }

    @Test func valuesAreOfferedWhereTheyAreFew() {
        #expect(offered.assignments(for: "mode=f") == ["mode=fast", "mode=safe"])
        #expect(offered.assignments(for: "tls=") == ["tls=true", "tls=false"])
        #expect(offered.assignments(for: "replicas=") == [])
        #expect(offered.assignments(for: "nothing=") == [])
    }

    @Test func profilesGoOnBehindAComma() {
        #expect(offered.profileNames(for: "b") == ["busy", "small"])
        #expect(offered.profileNames(for: "busy,s") == ["busy,small"])
    }
}
