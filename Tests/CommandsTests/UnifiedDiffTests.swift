import BundleBuilder
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite struct UnifiedDiffTests {
    @Test func isWhatDiffPrints() {
        let old = (1...12).map { "line \($0)\n" }.joined()
        let new = old.replacing("line 2\n", with: "").replacing("line 11\n", with: "line 11\nand a half\n")
        #expect(
            UnifiedDiff.text(from: old, to: new, names: ("a/x", "b/x")) == """
                --- a/x
                +++ b/x
                @@ -1,5 +1,4 @@
                 line 1
                -line 2
                 line 3
                 line 4
                 line 5
                @@ -9,4 +8,5 @@
                 line 9
                 line 10
                 line 11
                +and a half
                 line 12

                """)
        #expect(UnifiedDiff.text(from: old, to: old, names: ("a", "b")) == "")
        #expect(UnifiedDiff.text(from: "", to: "one\n", names: ("a", "b")) == "--- a\n+++ b\n@@ -0,0 +1 @@\n+one\n")
        #expect(UnifiedDiff.text(from: "one\n", to: "", names: ("a", "b")) == "--- a\n+++ b\n@@ -1 +0,0 @@\n-one\n")
    }

    @Test func tellsWhatIsTooLongToCompare() {
        let long = String(repeating: "x\n", count: 20_001)
        #expect(UnifiedDiff.text(from: long, to: "", names: ("a", "b")).hasSuffix("too many to compare)\n"))
    }

    /// Another program makes the new text of the old one with it.
    @Test(.enabled(if: exists("/usr/bin/git"), "needs git"))
    func isAppliedByGit() async throws {
        let folder = TemporaryDirectory()
        var numbers = SystemRandomNumberGenerator()
        func text() -> String {
            let words = ["a", "b", "", "c", "d\r", "- x", "+ y", "@@ -1 +1 @@", "é", "e\u{301}"]
            let lines = (0..<Int.random(in: 0...30, using: &numbers)).map { _ in
                words.randomElement(using: &numbers) ?? ""
            }
            return lines.joined(separator: "\n") + (Bool.random(using: &numbers) ? "\n" : "")
        }
        var patch = ""
        var wanted: [(String, String, String)] = []
        for number in 0..<60 {
            let old = text()
            // Something of it stays.
            let new = Bool.random(using: &numbers) ? text() : old.replacing("b", with: "b\nB", maxReplacements: 3)
            guard !old.isEmpty, !new.isEmpty, old != new else { continue }
            try write(old.utf8, to: folder.file("f\(number)"))
            patch += UnifiedDiff.text(from: old, to: new, names: ("a/f\(number)", "b/f\(number)"))
            wanted.append(("f\(number)", old, new))
        }
        try write(patch.utf8, to: folder.file("patch"))
        let result = try await Subprocess.run(
            .path("/usr/bin/git"), arguments: ["apply", "--whitespace=nowarn", "patch"], workingDirectory: folder.path,
            output: .discarded, error: .string(limit: 1 << 16))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)\n\(patch)")
        for (name, old, new) in wanted {
            let found = String(decoding: try contents(of: folder.file(name)), as: UTF8.self)
            #expect(found == new, "\(old.debugDescription)")
        }
    }
}
