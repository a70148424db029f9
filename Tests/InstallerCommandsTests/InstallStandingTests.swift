import BundleInstaller
import CommandSupport
import Testing

@testable import InstallerCommands
@testable import Preflight

@Suite struct InstallStandingTests {
    private func standing(_ events: InstallEvent...) -> InstallStanding {
        var standing = InstallStanding()
        for event in events { _ = standing.take(event) }
        return standing
    }

    @Test func showsBytesAndTheTimeThatIsLeft() {
        let now = standing(
            .began(step: "import", title: "import images", number: 3, count: 9),
            .progress(step: "import", done: 250_000_000, total: 1_000_000_000),
            .doing(step: "import", what: "2 of 8 names"))
        #expect(
            now.line(elapsed: 10, columns: 200)
                == "[3/9] import images  25%  250 MB of 1.00 GB  25.0 MB/s  30s left  2 of 8 names")
        #expect(now.line(elapsed: 0.5, columns: 200) == "[3/9] import images  25%  250 MB of 1.00 GB  2 of 8 names")
        #expect(now.line(elapsed: 10, columns: 60) == "[3/9] import images  25%  250 MB of 1.00 GB  30s left")
        #expect(now.line(elapsed: 10, columns: 40) == "[3/9] import images  25%  30s left")
        #expect(now.line(elapsed: 10, columns: 26) == "[3/9] import images  25%")
        #expect(now.line(elapsed: 10, columns: 20) == "[3/9] import…  25%")
        #expect(now.line(elapsed: 10, columns: 0).count <= 10, "a terminal that tells no width")
    }

    @Test func showsWhatBlocks() {
        let now = standing(
            .began(step: "stage-a", title: "stage a", number: 1, count: 1),
            .waiting(step: "stage-a", blockers: ["pod a: image", "pod b: probe"]))
        #expect(now.line(elapsed: 65, columns: 200) == "[1/1] stage a  1m05s  waiting for pod a: image and 1 more")
    }

    @Test func nothingMovesTheCursor() {
        var now = standing(.began(step: "a", title: "a", number: 1, count: 1))
        #expect(
            now.take(.waiting(step: "a", blockers: ["pod x: \u{1B}[2J\rboo\nlines"]))
                == ["    waiting for pod x:  [2J boo\nlines"])
        #expect(now.line(elapsed: 0, columns: 200) == "[1/1] a  0s  waiting for pod x:  [2J boo lines")
    }

    @Test func keepsALineOfWhatHappened() {
        var now = standing(.began(step: "import", title: "import images", number: 1, count: 2))
        _ = now.take(.progress(step: "import", done: 5_000_000, total: 5_000_000))
        #expect(now.take(.finished(step: "import", seconds: 61)) == ["  + import: import images, 5.00 MB, 1m01s"])
        #expect(now.take(.kept(step: "files")) == ["  = files: done before"])
        #expect(now.take(.failed(step: "node", reason: "no")) == ["  ! node: no"])
        #expect(now.take(.warning("careful")) == ["warning: careful"])
        #expect(
            now.take(.checked(name: "web", layer: "function", passed: false, detail: "no answer"))
                == ["    check web (function): FAILED: no answer"])
    }

    @Test func tellsABlockerOnceWhileItBlocks() {
        var now = InstallStanding()
        #expect(now.take(.waiting(step: "a", blockers: ["x"])) == ["    waiting for x"])
        #expect(now.take(.waiting(step: "a", blockers: ["x", "y"])) == ["    waiting for y"])
        #expect(now.take(.waiting(step: "a", blockers: [])).isEmpty)
        #expect(now.take(.waiting(step: "a", blockers: ["x"])) == ["    waiting for x"])
    }

    @Test func sumsPreflightUp() {
        let report = PreflightReport(checks: [
            .init(name: .root, title: "root", status: .pass, measured: "yes", need: "yes", remedy: nil, waived: false),
            .init(
                name: .cpu, title: "cpu", status: .fail, measured: "2", need: "4", remedy: "more\nor less", waived: true
            ),
            .init(
                name: .swap, title: "swap", status: .warn, measured: "1 GB", need: "none", remedy: nil, waived: false),
        ])
        var now = InstallStanding()
        #expect(
            now.take(.looked(report)) == [
                "  + preflight: 1 checks passed", "    waived cpu: 2\n      -> more\n      -> or less",
                "    warning swap: 1 GB",
            ])
    }
}

@Suite struct EventStreamTests {
    @Test func everyEventIsALineOfJSON() throws {
        let lines = try [
            InstallEvent.began(step: "a", title: "A", number: 1, count: 2), .kept(step: "a"),
            .finished(step: "a", seconds: 1), .failed(step: "a", reason: "two\nlines"),
            .progress(step: "a", done: 1, total: 2), .warning("w"),
        ].map { try Format.jsonLine(InstallEventStream.line($0)) }
        #expect(
            lines
                == [
                    #"{"count":2,"event":"began","number":1,"step":"a","title":"A"}"#, #"{"event":"kept","step":"a"}"#,
                    #"{"event":"finished","seconds":1,"step":"a"}"#,
                    #"{"event":"failed","reason":"two\nlines","step":"a"}"#,
                    #"{"done":1,"event":"progress","step":"a","total":2}"#, #"{"event":"warning","what":"w"}"#,
                ].map { $0 + "\n" })
    }
}
