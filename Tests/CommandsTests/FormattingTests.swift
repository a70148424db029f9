import CommandSupport
import Testing

@Suite struct FormattingTests {
    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (1_234_567, "1.23 MB"), (99_940_000, "99.9 MB"),
            (999_400_000, "999 MB"), (999_600_000, "1.00 GB"), (1_822_378_434, "1.82 GB"), (-1500, "-1.50 kB"),
        ] as [(Int64, String)])
    func countsBytesInDecimalUnits(count: Int64, text: String) {
        #expect(Format.bytes(count) == text)
    }

    @Test(
        arguments: [(0.4, "0s"), (59.4, "59s"), (65, "1m05s"), (3599, "59m59s"), (7380, "2h03m")] as [(Double, String)])
    func namesDurations(seconds: Double, text: String) {
        #expect(Format.duration(seconds) == text)
    }

    @Test func alignsColumns() {
        let table = Format.table([["NAME", "SIZE"], ["a", "10 B"], ["longer", "9 B"]], rightAligned: [1])
        #expect(table == "NAME    SIZE\na       10 B\nlonger   9 B\n")
    }

    @Test func cutsProgressToTheTerminal() {
        let snapshot = ProgressMeter.Snapshot(verb: "verifying", done: 500_000_000, total: 1_000_000_000, elapsed: 2)
        #expect(snapshot.line(columns: 100) == "verifying 50%  500 MB of 1.00 GB  250 MB/s  2s left")
        #expect(snapshot.line(columns: 20) == "verifying 50%")
    }

    @Test func anEmptyTotalIsDone() {
        #expect(
            ProgressMeter.Snapshot(verb: "v", done: 0, total: 0, elapsed: 0).line(columns: 80) == "v 100%  0 B of 0 B")
    }
}
