/// Whether a transfer moves at a speed that leads anywhere.
///
/// libcurl looks at the last moments only: a few bytes every minute, or a burst now and then, would keep it waiting for
/// years. Here every window of time must bring its share.
struct Pace {
    private let window: Duration
    /// In bytes a second.
    private let minimumSpeed: Int64
    private var start: ContinuousClock.Instant
    private var count: Int64 = 0
    private var isPaused = false

    init(window: Duration, minimumSpeed: Int64, now: ContinuousClock.Instant = .now) {
        self.window = max(window, .seconds(1))
        self.minimumSpeed = minimumSpeed
        start = now
    }

    /// What ``isTooSlow(at:)`` holds a transfer to, for an error.
    var rule: String { "less than \(minimumSpeed) bytes a second came for \(window.components.seconds) seconds" }

    /// Takes note of bytes that came.
    mutating func note(_ bytes: Int) { count += Int64(bytes) }

    /// We ourselves hold the transfer up.
    mutating func pause() { isPaused = true }

    /// The transfer goes on; what was before doesn't count.
    mutating func restart(at now: ContinuousClock.Instant = .now) {
        isPaused = false
        start = now
        count = 0
    }

    /// Whether the window that is over at `now` brought too little; begins the next one where it did not.
    mutating func isTooSlow(at now: ContinuousClock.Instant) -> Bool {
        guard !isPaused, start.duration(to: now) >= window else { return false }
        if count < minimumSpeed * window.components.seconds { return true }
        restart(at: now)
        return false
    }
}
