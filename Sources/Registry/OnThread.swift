internal import Threads

/// Runs `body`, which blocks or computes for long, on a thread of its own and not on Swift's cooperative pool.
func onThread<Value: Sendable>(
    _ name: String, _ body: @escaping @Sendable () throws(RegistryError) -> Value
) async throws(RegistryError) -> Value {
    let result = await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<Value, RegistryError>, Never>) in
        OSThread.spawn(name: name) { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
}
