/// Runs `body`, which blocks or computes for long, on a thread of its own and not on Swift's cooperative pool.
package func onThread<Value: Sendable, Failure: Error>(
    _ name: String, _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, Failure>, Never>) in
        OSThread.spawn(name: name) { continuation.resume(returning: Result(catching: body)) }
    }
    return try result.get()
}

/// Runs `body`, which can be told to stop, on a thread of its own: cancelling the task cancels what `body` is given.
///
/// Whether and how `body` then ends is its own affair; this returns when it does.
package func onThread<Value: Sendable, Failure: Error>(
    _ name: String, _ body: @escaping @Sendable (Cancellation) throws(Failure) -> Value
) async throws(Failure) -> Value {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
        await onThread(name) { Result { () throws(Failure) in try body(cancellation) } }
    } onCancel: {
        cancellation.cancel()
    }
    return try result.get()
}
