import Glibc
import OCI
import Subprocess
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Threads

/// What somebody sees who looks at a terminal while a build runs, and what is left when it has ended.
@Suite(.enabled(if: Executables.areThere && Executables.areInstalled("setsid"), "needs setsid, and what all here need"))
struct TerminalTests {
    /// A registry that brings half of the large layer, and the rest once it is let.
    private final class Dam: Sendable {
        let place: Workplace
        private let registry: ScriptedRegistry
        private let isOpen = Monitor(false)

        init() throws {
            let sample = try SampleBundle.large(3_000_000)
            let layer = sample.images[0].image.largestLayer
            place = try Workplace(sample)
            registry = ScriptedRegistry(sample) { [isOpen] descriptor, bytes, request, connection in
                guard descriptor.digest == layer.digest, request.rangeStart == nil else { return false }
                connection.head(200, ["Content-Length": "\(bytes.count)"])
                connection.send(Array(bytes[..<(bytes.count / 2)]))
                isOpen.wait {
                    $0
                } then: { _ in
                }
                // Slowly enough for some frames.
                for start in stride(from: bytes.count / 2, to: bytes.count, by: 150_000) {
                    usleep(50_000)
                    connection.send(Array(bytes[start..<min(start + 150_000, bytes.count)]))
                }
                return true
            }
        }

        deinit { open() }

        func open() { isOpen.update { $0 = true } }

        /// Where results go that are no terminal's business.
        var file: FilePath { place.file("stream") }

        var command: [String] { [Executables.sealift.string] + place.buildArguments(mirror: registry.mirror) }

        /// Runs a program that `window` controls; both its streams go there unless a shell in `command` says otherwise.
        func run(_ command: [String], on window: PseudoTerminal, _ more: [String: String] = [:]) async throws -> Int {
            var all: [Environment.Key: String] = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
            let variables = place.environment.merging(["TERM": "xterm-256color"]) { $1 }.merging(more) { $1 }
            for (name, value) in variables { all[Environment.Key(stringLiteral: name)] = value }
            let ended = try await Subprocess.run(
                .path("/usr/bin/setsid"), arguments: Arguments(["--ctty", "--wait"] + command),
                environment: .custom(all), workingDirectory: place.file(""),
                input: .fileDescriptor(window.device, closeAfterSpawningProcess: false),
                output: .fileDescriptor(window.device, closeAfterSpawningProcess: false),
                error: .fileDescriptor(window.device, closeAfterSpawningProcess: false))
            await window.end()
            switch ended.terminationStatus {
            case .exited(let code): return Int(code)
            case .signaled(let signal): return 128 + Int(signal)
            }
        }

        /// Runs the build by a shell, with what a command line can add to it.
        func shell(_ text: String, on window: PseudoTerminal, _ more: [String: String] = [:]) async throws -> Int {
            let words = command.map { "'\($0)'" }.joined(separator: " ")
            return try await run(
                ["/bin/bash", "-c", text.replacing("BUILD", with: words).replacing("FILE", with: file.string)],
                on: window, more)
        }
    }

    /// Whether half of the layer has come, and the terminal shows so.
    @Sendable private static func isHalfWay(_ screen: Screen) -> Bool {
        screen.lines.contains { $0.contains("50%") || $0.contains("fetched 1.50 MB") }
    }

    @Sendable private static func isProgress(_ line: String) -> Bool {
        line.hasPrefix("packed ") || line.hasPrefix("fetched ") || line.hasPrefix("  ")
    }

    @Test(arguments: Screen.Resizing.allCases) func aBuildFitsTheWindowAndLeavesNothing(
        resizing: Screen.Resizing
    ) async throws {
        let dam = try Dam()
        let window = try PseudoTerminal(columns: 90, resizing: resizing)
        async let code = dam.run(dam.command, on: window)
        await window.wait(until: Self.isHalfWay)
        for width in [40, 20, 60] {
            window.resize(columns: width)
            let before = window.screen.frames
            // One more frame may still be for the old width, and a look in the middle of one would see next to nothing;
            // how many there will be at this width is not known, since only what changes is drawn.
            let seen = await window.wait { screen in
                let progress = screen.lines.filter(Self.isProgress)
                return screen.frames > before && !progress.isEmpty && progress.allSatisfy { $0.count < width }
            }
            let progress = seen.lines.filter(Self.isProgress)
            #expect(!progress.isEmpty)
            #expect(progress.allSatisfy { $0.count < width }, "\(progress)")
        }
        dam.open()
        #expect(try await code == 0, "\(window.screen.lines)")
        let screen = window.screen
        let text = screen.lines.joined()
        #expect(!screen.lines.contains(where: Self.isProgress), "\(screen.lines)")
        #expect(text.contains("built ") && text.hasSuffix(".tar.zst"), "\(screen.lines)")
        #expect(screen.cursor.column == 0)
        #expect(screen.unknown.isEmpty, "\(screen.unknown)")
    }

    @Test func ctrlCLeavesACleanLine() async throws {
        let dam = try Dam()
        let window = try PseudoTerminal(columns: 80)
        async let code = dam.run(dam.command, on: window)
        await window.wait(until: Self.isHalfWay)
        window.type("\u{3}")
        await window.wait { $0.lines.last?.hasPrefix("error: ") == true }
        dam.open()
        #expect(try await code == 130)
        let lines = window.screen.lines
        #expect(!lines.contains(where: Self.isProgress), "\(lines)")
        #expect(lines.last == "error: interrupted", "\(lines)")
        #expect(window.screen.cursor.column == 0)
        #expect(window.screen.unknown.isEmpty, "the cursor was never hidden")
    }

    @Test(arguments: [
        ("a dumb terminal", "BUILD", ["TERM": "dumb"]), ("no terminal's name", "BUILD", ["TERM": ""]),
        ("the background", "set -m; BUILD & wait $!", [:]), ("errors in a pipe", "BUILD 2> >(cat)", [:]),
        ("quiet", "BUILD --quiet", [:]),
    ])
    func nothingIsDrawn(on name: String, _ text: String, _ more: [String: String]) async throws {
        let dam = try Dam()
        dam.open()
        let window = try PseudoTerminal(columns: 80)
        let code = try await dam.shell(text, on: window, more.merging(["NO_COLOR": "1"]) { $1 })
        #expect(code == 0, "\(window.screen.lines)")
        #expect(!window.bytes.contains { $0 < 0x20 && $0 != 0x0A && $0 != 0x0D }, "\(window.screen.lines)")
        #expect(window.screen.lines.joined().contains(".tar.zst"))
    }

    @Test func eachStreamHasItsOwn() async throws {
        for (text, onScreen, inFile) in [
            ("BUILD 2>FILE", ["dist"], ["built", "images"]), ("BUILD >FILE", ["built"], ["dist"]),
        ] {
            let dam = try Dam()
            dam.open()
            let window = try PseudoTerminal(columns: 200)
            #expect(try await dam.shell(text, on: window) == 0, "\(window.screen.lines)")
            let file = String(decoding: try contents(of: dam.file), as: UTF8.self)
            #expect(!file.utf8.contains(0x1B))
            let seen = window.screen.lines.joined()
            for word in onScreen { #expect(seen.contains(word)) }
            for word in inFile { #expect(file.contains(word)) }
            #expect(onScreen == ["built"] || !seen.contains("built"))
        }
    }

    @Test(arguments: [(["NO_COLOR": "1"], false), (["NO_COLOR": ""], true), ([:], true), (["TERM": "dumb"], false)])
    func coloursAreForWhoWantsThem(_ more: [String: String], _ isColoured: Bool) async throws {
        let dam = try Dam()
        let window = try PseudoTerminal(columns: 80)
        #expect(try await dam.run([Executables.sealift.string, "verify", "nowhere.tar.zst"], on: window, more) == 66)
        #expect(window.screen.lines.first?.hasPrefix("error: can't open nowhere.tar.zst") == true)
        #expect(String(decoding: window.bytes, as: UTF8.self).contains("\u{1B}[1;31m") == isColoured)
    }
}
