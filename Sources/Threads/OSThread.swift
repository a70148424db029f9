internal import Glibc

/// A thread of the operating system, for work that blocks: never the place for `await`.
package struct OSThread: Sendable {
    private let thread: pthread_t

    /// Starts `body` on a new thread.
    package static func spawn(_ body: @escaping @Sendable () -> Void) -> OSThread {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(run: body))
        let code = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
                return nil
            }, context.toOpaque())
        // Only a process out of threads or memory gets here, and nothing that is half started could be undone.
        precondition(code == 0, "can't start a thread: error \(code)")
        return OSThread(thread: thread)
    }

    /// Waits until the thread has ended; to be called once.
    package func join() { pthread_join(thread, nil) }

    private final class Body {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
