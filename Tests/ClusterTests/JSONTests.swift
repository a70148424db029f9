import Testing

@testable import Cluster

@Suite struct JSONTests {
    private func read(_ text: String) -> [JSON]? { JSON.documents(Array(text.utf8)) }

    @Test func readsEveryKindOfValue() {
        let text = #" {"a": [1, -2.5e1, true, false, null, "x"], "b": {}, "c": []} "#
        let expected = JSON.object([
            "a": .array([.number(1), .number(-25), .bool(true), .bool(false), .null, .string("x")]),
            "b": .object([:]), "c": .array([]),
        ])
        #expect(read(text) == [expected])
    }

    @Test(arguments: [
        (#""a\"b\\c\/d\n\t\r\b\f""#, "a\"b\\c/d\n\t\r\u{8}\u{C}"), (#""\u00e9\u20AC""#, "é€"),
        (#""\ud83d\ude00 pair""#, "😀 pair"), (#""\ud83d alone""#, "\u{FFFD} alone"),
        (#""\ude00\u0041""#, "\u{FFFD}A"), (#""\ud83d\u0041""#, "\u{FFFD}"), (#""größer {[,]}""#, "größer {[,]}"),
    ])
    func readsStrings(_ text: String, _ value: String) { #expect(read(text) == [.string(value)]) }

    @Test(arguments: [
        "{", "}", "[", "]", "[1", "[1,", "[1,]", "{]}", "}}{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", #"""#,
        #""\x""#, #""\u12"#, #""\u12g4""#, "\"\n\"", "tru", "nul", "truex", "-", "1e", "--1", "+", #"{"a":1} trailing"#,
    ])
    func refusesWhatIsNone(_ text: String) { #expect(read(text) == nil) }

    @Test func nothingIsNoDocument() {
        #expect(read("") == [])
        #expect(read(" \n\t\r") == [])
    }

    @Test func depthHasALimit() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(read(nested(256))?.count == 1)
        #expect(read(nested(257)) == nil)
        #expect(read(String(repeating: "[", count: 1 << 20)) == nil)
    }

    @Test func anyPrefixIsReadOrRefused() {
        let text = Array(#"{"a":[1,{"b":"\u00e9\\"},true],"c":-1.5e3}"#.utf8)
        for count in 1..<text.count { #expect(JSON.documents(Array(text[..<count])) == nil) }
    }

    @Test func anythingElseHasNoMembers() {
        for value in [JSON.null, .bool(true), .number(1), .string("s"), .array([])] {
            #expect(value["a"] == .null && value.members.isEmpty)
        }
        #expect(JSON.number(1.5).int == nil)
        #expect(JSON.number(1e300).int == nil)
        #expect(JSON.string("1").int == nil)
    }

    @Test func readsSeveralDocumentsAndLists() {
        let text = #"{"kind":"A","s":"}\"{"} {"apiVersion":"v1","kind":"List","items":[{"kind":"B"},{"kind":"C"}]}"#
        #expect(Kubectl.flatten(read(text) ?? []).map { $0["kind"].string } == ["A", "B", "C"])
        let named = #"{"kind":"AllowList","metadata":{"name":"a"},"items":[1]}"#
        #expect(Kubectl.flatten(read(named) ?? []).map { $0["kind"].string } == ["AllowList"])
    }
}
