/// Runs `body`, which blocks or computes for long, on a thread of its own and not on Swift's cooperative pool.
package func onThread<Value: Sendable, Failure: Error>(
    _ name: String, _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
        OSThread.spawn(name: name) { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
}
