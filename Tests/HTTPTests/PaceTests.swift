import Testing

@testable import HTTP

@Suite struct PaceTests {
    private static let start = ContinuousClock.now

    private func pace() -> Pace { Pace(window: .seconds(60), minimumSpeed: 1024, now: Self.start) }

    /// Looks at `pace` so many seconds after the start.
    private func isTooSlow(_ pace: inout Pace, after seconds: Int) -> Bool {
        pace.isTooSlow(at: Self.start + .seconds(seconds))
    }

    @Test func silenceIsTooSlowWhenTheWindowIsOver() {
        var pace = pace()
        #expect(!isTooSlow(&pace, after: 59))
        #expect(isTooSlow(&pace, after: 60))
    }

    @Test func everyWindowMustBringItsShare() {
        var pace = pace()
        // A burst that would do for ten windows.
        pace.note(10 * 60 * 1024)
        #expect(!isTooSlow(&pace, after: 60))
        pace.note(60 * 1024 - 1)
        #expect(isTooSlow(&pace, after: 120))
    }

    @Test func exactlyEnoughIsEnough() {
        var pace = pace()
        for window in 1...5 {
            pace.note(60 * 1024)
            #expect(!isTooSlow(&pace, after: 60 * window))
        }
    }

    @Test func whatWeHoldUpOurselvesIsNotSlow() {
        var pace = pace()
        pace.pause()
        #expect(!isTooSlow(&pace, after: 6000))
        pace.restart(at: Self.start + .seconds(6000))
        #expect(!isTooSlow(&pace, after: 6059))
        #expect(isTooSlow(&pace, after: 6060))
    }
}
