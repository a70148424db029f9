internal import Glibc
internal import Synchronization
internal import Threads

/// The lines at the end of a terminal's text that are drawn over and over while work goes on.
///
/// The cursor rests at the start of the first of them. That is where it still is after the window's size changed,
/// whether the terminal breaks its lines anew or cuts them, so that clearing from there on leaves nothing behind. It is
/// never hidden, so that there is nothing to restore, however the process ends. Lines don't wrap even where the window
/// shrinks between asking for its size and drawing.
final class LiveArea: Sendable {
    private struct State {
        /// What stands on the terminal; empty where nothing does.
        var drawn: [String] = []
        var size = Terminal.Size(columns: 0, rows: 0)
        var isHeld = false
        var isClosed = false
    }

    /// Clears from the start of the cursor's line. A space goes first: what is cleared from the screen's very first
    /// place on, tmux keeps in its history.
    private static let erasing = "\r\u{1B}[K \u{1B}[J\r"

    private let descriptor: Int32
    private let state = Lock(State())
    /// For the signal that ends everything, which waits for no lock.
    private let isDrawn = Atomic(false)

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Puts `lines` in the place of those that are drawn, in one write; writes nothing where nothing changed.
    func draw(_ lines: [String], size: Terminal.Size) {
        guard Terminal.isForeground(descriptor) else { return forget() }
        state.withLock { state in
            guard !state.isHeld, !state.isClosed else { return }
            let lines = Array(lines.suffix(max(1, size.rows - 1)))
            guard lines != state.drawn || size != state.size else { return }
            // Each line clears what is behind it, and the last what is below: nothing is blank between two frames.
            var text = "\u{1B}[?7l" + (size != state.size ? Self.erasing : "\r")
            text += lines.map { $0 + "\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J\r"
            if lines.count > 1 { text += "\u{1B}[\(lines.count - 1)A" }
            isDrawn.store(true, ordering: .relaxed)
            Terminal.writeNow(text + "\u{1B}[?7h", to: descriptor)
            (state.drawn, state.size) = (lines, size)
        }
    }

    /// Clears the lines, then runs `body`, which writes what is to stay above them; they come back by themselves.
    func aside(_ body: () -> Void) {
        state.withLock { state in
            erase(&state)
            body()
        }
    }

    /// Clears the lines, and draws none until ``resume()``: somebody is asked something.
    func hold() {
        state.withLock { state in
            erase(&state)
            state.isHeld = true
        }
    }

    /// The end of ``hold()``.
    func resume() { state.withLock { $0.isHeld = false } }

    /// Clears the lines for good: the program is about to end.
    func close() {
        state.withLock { state in
            erase(&state)
            state.isClosed = true
        }
    }

    /// Clears the lines where that can be done at once; for the last moment of a process.
    func abandon() {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard isDrawn.load(ordering: .relaxed), poll(&ready, 1, 0) == 1 else { return }
        Terminal.writeNow(Self.erasing, to: descriptor)
    }

    /// The terminal is a shell's now, and the cursor where that left it: what was drawn is no longer ours.
    private func forget() {
        isDrawn.store(false, ordering: .relaxed)
        state.withLock { $0.drawn = [] }
    }

    private func erase(_ state: inout State) {
        guard !state.drawn.isEmpty else { return }
        isDrawn.store(false, ordering: .relaxed)
        state.drawn = []
        if Terminal.isForeground(descriptor) { Terminal.writeNow(Self.erasing, to: descriptor) }
    }
}
