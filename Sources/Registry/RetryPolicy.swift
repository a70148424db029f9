/// How often and after which pauses a failed request is tried again.
package struct RetryPolicy: Sendable {
    /// Attempts in a row that may fail without progress, the first included.
    package var attempts = 5
    package var baseDelay: Duration = .milliseconds(500)
    package var maximumDelay: Duration = .seconds(20)
    /// A server's `Retry-After` counts for no more than this.
    package var maximumRetryAfter: Duration = .seconds(60)
    /// No attempt starts later than this after the first, or after the last that brought something.
    package var patience: Duration = .seconds(600)
    /// How to wait; tests replace it so that nothing takes time.
    package var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    /// Told before each further attempt: why it is needed, after which pause, and how many failed in a row.
    package var observe: (@Sendable (_ error: RegistryError, _ pause: Duration, _ failures: Int) -> Void)?

    package init() {}

    /// Full jitter (a random part of an exponentially growing delay): clients that failed together don't return so.
    func delay(afterFailures failures: Int, retryAfter: Duration?) -> Duration {
        if let retryAfter { return min(max(retryAfter, .zero), maximumRetryAfter) }
        let ceiling = min(maximumDelay, baseDelay * (1 << min(max(failures, 1) - 1, 16)))
        return ceiling * Double.random(in: 0...1)
    }

    /// Waits before the next attempt; throws `error` when there is none, ``RegistryError/cancelled`` when cancelled.
    ///
    /// `start` is when the first of the attempts began that have failed.
    func pause(
        afterFailures failures: Int, since start: ContinuousClock.Instant, error: RegistryError
    ) async throws(RegistryError) {
        guard error.isTransient, failures < attempts, start.duration(to: .now) < patience else { throw error }
        let pause = delay(afterFailures: failures, retryAfter: error.retryAfter)
        observe?(error, pause, failures)
        do {
            try await sleep(pause)
        } catch {
            throw .cancelled
        }
    }

    /// Runs `body` until it succeeds, fails for good, or has failed too often.
    func retrying<Result>(_ body: () async throws(RegistryError) -> Result) async throws(RegistryError) -> Result {
        var failures = 0
        let start = ContinuousClock.now
        while true {
            do {
                return try await body()
            } catch {
                failures += 1
                try await pause(afterFailures: failures, since: start, error: error)
            }
        }
    }
}
