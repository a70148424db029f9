import CommandSupport
import Testing

/// What is shown where there is little room.
@Suite struct NarrowTerminalTests {
    @Test(arguments: [
        ("", 0), ("plain", 5), ("größe", 5), ("gro\u{308}ße", 5), ("日本語", 6), ("한국어", 6), ("ｆｕｌｌ", 8), ("🚢 ok", 5),
        ("a\u{200B}b", 2), ("\u{1112}\u{1161}\u{11AB}", 2), ("…", 1), ("→", 1),
    ])
    func widthIsWhatTerminalsCount(text: String, columns: Int) {
        #expect(text.columnWidth == columns)
    }

    @Test func shorteningKeepsWhatTellsNamesApart() {
        let name = "registry.example/team/component-with-a-long-name:1.23.2"
        #expect("short".shortened(to: 5) == "short")
        #expect("longer".shortened(to: 5) == "long…")
        #expect(name.shortened(to: 20, inside: true) == "registry…name:1.23.2")
        #expect(name.shortened(to: 1, inside: true) == "…")
        #expect(name.shortened(to: 0) == "")
        // A wide character that has no room is left out whole.
        #expect("日本語".shortened(to: 4) == "日…")
        #expect("日本語".shortened(to: 5) == "日本…")
        #expect("e\u{301}e\u{301}e\u{301}".shortened(to: 2) == "e\u{301}…")
    }

    @Test(arguments: 0...60) func nothingIsWiderThanItsRoom(columns: Int) {
        for text in ["plain words and more of them", "日本語のテキストです", "🚢🚢🚢🚢 mixed 한국어 text", "a\u{301}b\u{302}c\u{303}"] {
            for inside in [false, true] {
                #expect(text.shortened(to: columns, inside: inside).columnWidth <= columns)
            }
        }
    }

    @Test func aLineGivesUpWhatMattersLeast() {
        func line(_ columns: Int) -> String {
            ProgressMeter.Snapshot(verb: "verifying", done: 1_200_000_000, total: 3_600_000_000, elapsed: 10)
                .line(columns: columns)
        }
        #expect(line(80) == "verifying 33%  1.20 GB of 3.60 GB  120 MB/s  20s left")
        #expect(line(50) == "verifying 33%  1.20 GB of 3.60 GB  20s left")
        #expect(line(40) == "verifying 33%  20s left")
        #expect(line(20) == "verifying 33%")
        #expect(line(12) == "verify… 33%")
        #expect(line(0).columnWidth == 10)
    }

    @Test func tablesCountColumnsAndNotCharacters() {
        #expect(Format.table([["日本", "1"], ["a", "2"]]) == "日本  1\na     2\n")
    }
}
