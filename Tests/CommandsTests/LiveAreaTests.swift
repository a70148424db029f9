import SystemPackage
import TestSupport
import Testing

@testable import CommandSupport

/// Lines that are drawn over and over, on a terminal of the test's own.
@Suite struct LiveAreaTests {
    private func terminal(_ columns: Int, _ resizing: Screen.Resizing = .cuts) throws -> PseudoTerminal {
        try PseudoTerminal(columns: columns, resizing: resizing) { String($0).columnWidth }
    }

    /// Draws three lines, as long as the window lets them be.
    private func draw(_ text: String, on terminal: Terminal) {
        let size = terminal.size
        let lines = (1...3).map { "\(text) \($0) " + String(repeating: "=", count: 200) }
        terminal.area.draw(lines.map { $0.shortened(to: size.columns - 1) }, size: size)
    }

    @Test(arguments: Screen.Resizing.allCases, [[80, 40], [40, 80], [80, 20, 60, 25, 80], [100, 33, 34, 35]])
    func nothingIsLeftBehindWhenTheWindowChanges(resizing: Screen.Resizing, widths: [Int]) async throws {
        let window = try terminal(widths[0], resizing)
        let terminal = Terminal(descriptor: window.device.rawValue)
        terminal.write("first\n")
        for (turn, width) in widths.enumerated() {
            if turn > 0 { window.resize(columns: width) }
            for frame in 1...3 { draw("turn \(turn) frame \(frame)", on: terminal) }
            await window.wait { $0.lines.contains { $0.hasPrefix("turn \(turn) frame 3 3") } }
            let screen = window.screen
            #expect(screen.lines.filter { $0.hasPrefix("turn") }.count == 3, "\(screen.lines)")
            #expect(screen.lines.count == 4 + turn, "\(screen.lines)")
            #expect(screen.lines.allSatisfy { $0.columnWidth < width }, "\(screen.lines)")
            #expect(screen.cursor == (1 + turn, 0))
            terminal.write("note \(turn)\n")
        }
        terminal.area.close()
        terminal.write("last\n")
        await window.wait { $0.lines.last == "last" }
        #expect(window.screen.lines == ["first"] + widths.indices.map { "note \($0)" } + ["last"])
        #expect(window.screen.unknown.isEmpty)
        await window.end()
    }

    @Test func wideCharactersDoNotShiftAnything() async throws {
        let window = try terminal(24)
        let terminal = Terminal(descriptor: window.device.rawValue)
        for name in ["日本語のとても長い名前です", "a\u{301}bc\u{302} combining marks take none", "🚢🚢🚢🚢🚢🚢🚢🚢🚢🚢🚢🚢🚢🚢"] {
            let line = name.shortened(to: 23)
            terminal.area.draw([line, "below"], size: terminal.size)
            await window.wait { $0.lines == [line, "below"] }
            #expect(window.screen.lines == [line, "below"])
        }
        await window.end()
    }

    @Test func nothingIsWrittenWhereNothingChanged() async throws {
        let window = try terminal(40)
        let terminal = Terminal(descriptor: window.device.rawValue)
        for _ in 0..<5 { terminal.area.draw(["the same"], size: terminal.size) }
        terminal.area.close()
        terminal.area.draw(["too late"], size: terminal.size)
        terminal.write("end\n")
        await window.wait { $0.lines == ["end"] }
        #expect(window.screen.frames == 1)
        await window.end()
    }

    @Test func nothingIsDrawnWhileSomebodyIsAsked() async throws {
        let window = try terminal(40)
        let terminal = Terminal(descriptor: window.device.rawValue)
        terminal.area.draw(["working"], size: terminal.size)
        await terminal.asking {
            terminal.write("next medium? ")
            terminal.area.draw(["working on"], size: terminal.size)
            await window.wait { $0.lines == ["next medium?"] }
            #expect(window.screen.cursor == (0, 13))
        }
        terminal.write("\n")
        terminal.area.draw(["working again"], size: terminal.size)
        await window.wait { $0.lines.count == 2 }
        #expect(window.screen.lines == ["next medium?", "working again"])
        await window.end()
    }

    @Test func whatIsTooTallKeepsItsEnd() async throws {
        let window = try PseudoTerminal(columns: 40, rows: 4)
        let terminal = Terminal(descriptor: window.device.rawValue)
        for round in 1...3 {
            terminal.area.draw((1...9).map { "round \(round) line \($0)" }, size: terminal.size)
        }
        await window.wait { $0.lines.last == "round 3 line 9" }
        #expect(window.screen.lines == (7...9).map { "round 3 line \($0)" })
        await window.end()
    }
}
