internal import Glibc
internal import Synchronization
internal import Threads

/// Shows how far work is while it goes on: on a terminal by lines that are drawn at most ten times a second, elsewhere by
/// a plain line now and then, and not at all where quiet was asked for.
///
/// It asks for what to show on a thread of its own: work takes note of how far it is and never waits for a terminal.
package final class LiveDisplay: Sendable {
    /// The lines for a terminal of so many columns.
    package typealias Frame = @Sendable (_ columns: Int) -> [String]

    private let terminal: Terminal
    private let frame: Frame
    private let plain: @Sendable () -> String
    private let isFinished = Atomic(false)

    /// Starts to show.
    ///
    /// - Parameters:
    ///   - terminal: where.
    ///   - frame: called ten times a second on a terminal; empty lines draw nothing.
    ///   - plain: called after ten seconds, and then at growing intervals up to a minute; nothing is printed for an empty
    ///     line.
    package init(
        on terminal: Terminal = .standardError, frame: @escaping Frame, plain: @escaping @Sendable () -> String
    ) {
        self.terminal = terminal
        self.frame = frame
        self.plain = plain
        guard Verbosity.current != .quiet else { return }
        let isInteractive = terminal.isInteractive
        OSThread.spawn(name: "display") { [weak self] in
            var next = Clock.now() + 10
            var gap = 10.0
            repeat {
                usleep(100_000)
                if isInteractive {
                    self?.draw()
                } else if Clock.now() >= next {
                    self?.print()
                    gap = min(gap * 1.5, 60)
                    next = Clock.now() + gap
                }
            } while self?.isFinished.load(ordering: .acquiring) == false
        }
    }

    /// Takes the lines from the terminal; nothing is drawn any more.
    package func finish() {
        isFinished.store(true, ordering: .releasing)
        terminal.area.aside {}
    }

    private func draw() {
        let size = terminal.size
        let lines = frame(size.columns)
        guard !isFinished.load(ordering: .acquiring) else { return }
        terminal.area.draw(lines, size: size)
        // Finished meanwhile: nothing may be left behind.
        if isFinished.load(ordering: .acquiring) { terminal.area.aside {} }
    }

    private func print() {
        let line = plain()
        if !line.isEmpty { terminal.write(line + "\n") }
    }

    deinit { finish() }
}
