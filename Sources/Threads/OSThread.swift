internal import Glibc

/// A thread of the operating system, for work that blocks or that must stay on one thread.
package final class OSThread: Sendable {
    private let isFinished = Monitor(false)

    private init() {}

    /// Starts `body` on a new thread.
    ///
    /// The thread takes no signals, so that a signal's handler runs on the main thread whatever else is under way. It
    /// lives on when the handle is dropped.
    ///
    /// - Parameters:
    ///   - name: what debuggers and `top -H` show; the kernel keeps 15 bytes.
    ///   - body: the thread's work.
    /// - Returns: a handle on which any number of threads may `join`.
    @discardableResult
    package static func spawn(name: String, _ body: @escaping @Sendable () -> Void) -> OSThread {
        let thread = OSThread()
        let start = Unmanaged.passRetained(Start(name: name, body: body, thread: thread))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        // Detached: the end is signalled by `isFinished`, so nothing leaks when nobody joins.
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var identifier = pthread_t()
        var allSignals = sigset_t()
        var before = sigset_t()
        sigfillset(&allSignals)
        // A new thread inherits the mask of the one that starts it.
        pthread_sigmask(SIG_SETMASK, &allSignals, &before)
        let code = pthread_create(&identifier, &attributes, runStart, start.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        // The limit on threads is reached: nothing that this program does can go on from here.
        precondition(code == 0, "can't start a thread: \(String(cString: strerror(code)))")
        return thread
    }

    /// Blocks until the thread's body has returned.
    package func join() {
        isFinished.wait {
            $0
        } then: { _ in
        }
    }

    fileprivate func finish() {
        isFinished.update { $0 = true }
    }
}

/// What a new thread is given.
private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void
    let thread: OSThread

    init(name: String, body: @escaping @Sendable () -> Void, thread: OSThread) {
        self.name = name
        self.body = body
        self.thread = thread
    }
}

private func runStart(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    setName(start.name)
    start.body()
    start.thread.finish()
    return nil
}

/// The thread's name is only a comfort: failing to set it is no failure.
private func setName(_ name: String) {
    // `pthread_setname_np` is a GNU extension that Swift's Glibc module doesn't show.
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    defer { close(file) }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
}
