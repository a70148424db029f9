import Testing

@testable import HTTP

@Suite struct PaceTests {
    private static let start = ContinuousClock.now

    private func pace() -> Pace { Pace(window: .seconds(60), minimumSpeed: 1024, now: Self.start) }

    @Test func silenceIsTooSlowWhenTheWindowIsOver() {
        var pace = pace()
        #expect(!pace.isTooSlow(at: Self.start + .seconds(59)))
        #expect(pace.isTooSlow(at: Self.start + .seconds(60)))
    }

    @Test func everyWindowMustBringItsShare() {
        var pace = pace()
        // A burst that would do for ten windows.
        pace.note(10 * 60 * 1024)
        #expect(!pace.isTooSlow(at: Self.start + .seconds(60)))
        pace.note(60 * 1024 - 1)
        #expect(pace.isTooSlow(at: Self.start + .seconds(120)))
    }

    @Test func exactlyEnoughIsEnough() {
        var pace = pace()
        for window in 1...5 {
            pace.note(60 * 1024)
            #expect(!pace.isTooSlow(at: Self.start + .seconds(60 * window)))
        }
    }

    @Test func whatWeHoldUpOurselvesIsNotSlow() {
        var pace = pace()
        pace.pause()
        #expect(!pace.isTooSlow(at: Self.start + .seconds(6000)))
        pace.restart(at: Self.start + .seconds(6000))
        #expect(!pace.isTooSlow(at: Self.start + .seconds(6059)))
        #expect(pace.isTooSlow(at: Self.start + .seconds(6060)))
    }
}
