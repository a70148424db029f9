import Testing

@testable import Definition

@Suite struct AliasBombTests {
    /// Forty anchors, each with two aliases of the one before: 2^40 nodes.
    private static let chain =
        "a0: &a0 [x, x]\n" + (1..<40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()

    @Test(arguments: ["? *a39\n: x\n", "*a39 : x\n", "b: {? *a39 : x}\n", "b: {[*a39]: x}\n", "? - *a39\n: x\n"])
    func asAKeyItIsRefusedAtOnce(_ key: String) throws {
        let error = #expect(throws: DefinitionError.self) {
            try YAMLNode.documents(in: Self.chain + key, file: "x.yaml")
        }
        #expect("\(try #require(error))".contains("aliases of aliases"))
    }

    /// The same name again and again makes a chain, too.
    @Test func anchorsThatHideEachOtherCount() {
        let text = "a: &a [x]\n" + String(repeating: "b: &a [*a, *a]\n", count: 40) + "? *a\n: x\n"
        #expect(AliasBomb.isPossible(in: text))
    }

    @Test func asAValueItIsCounted() throws {
        let error = #expect(throws: DefinitionError.self) { try YAMLNode.documents(in: Self.chain, file: "x.yaml") }
        #expect("\(try #require(error))".contains("nodes, counting aliases"))
    }

    @Test(arguments: [
        "a: &a {x: 1}\nb: *a\n*c : d\n", "- &a x\n- *a\n? *a\n: y\n", "summary: '{{ $labels.instance }}: down'\n",
        String(repeating: "args: [\"*.log\", '&x', a*b, 2 * 3]\n? x\n: y\n", count: 1000),
    ])
    func whatPeopleWriteIsNone(_ text: String) { #expect(!AliasBomb.isPossible(in: text)) }
}
