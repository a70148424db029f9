internal import Glibc
package import SystemPackage
internal import Threads

/// A terminal without a screen of glass: what programs write to ``device`` appears on a ``Screen``.
package final class PseudoTerminal: Sendable {
    private struct State {
        var screen: Screen
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private let master: CInt
    /// The end that programs get.
    package let device: FileDescriptor
    private let state: Monitor<State>

    /// Opens one; a test without it can't go on.
    package init(
        columns: Int, rows: Int = 24, resizing: Screen.Resizing = .cuts,
        width: @escaping @Sendable (Character) -> Int = { _ in 1 }
    ) throws {
        // Swift's Glibc module shows neither posix_openpt and what goes with it nor these two numbers: TIOCSPTLCK, which
        // unlocks the device, and TIOCGPTN, which tells its number.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (locked, number): (CInt, CInt) = (0, 0)
        guard master >= 0, ioctl(master, 0x4004_5431, &locked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            throw Errno(rawValue: errno)
        }
        // It must not become the terminal that the test itself is controlled by.
        let end = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard end >= 0 else { throw Errno(rawValue: errno) }
        device = FileDescriptor(rawValue: end)
        state = Monitor(
            State(screen: Screen(columns: columns, rows: rows, resizing: resizing, width: width)))
        setSize(columns, rows)
        OSThread.spawn(name: "terminal") { [master, state] in
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = read(master, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                state.update {
                    $0.bytes += buffer[..<count]
                    $0.screen.feed(buffer[..<count])
                }
            }
            state.update { $0.hasEnded = true }
            close(master)
        }
    }

    /// What is seen now.
    package var screen: Screen { state.read { $0.screen } }
    /// Everything that was written.
    package var bytes: [UInt8] { state.read { $0.bytes } }

    /// Drags the window to another width.
    package func resize(columns: Int, rows: Int = 24) {
        state.update { $0.screen.resize(columns: columns) }
        setSize(columns, rows)
    }

    /// Presses keys: `\u{3}` is Ctrl-C.
    package func type(_ keys: String) {
        let bytes = Array(keys.utf8)
        _ = write(master, bytes, bytes.count)
    }

    /// Waits until the screen is as `condition` says, or nobody has the device open any more; returns it as it was then.
    @discardableResult
    package func wait(until condition: @escaping @Sendable (Screen) -> Bool) async -> Screen {
        await onThread("terminal-wait") { [state] in
            state.wait {
                $0.hasEnded || condition($0.screen)
            } then: {
                $0.screen
            }
        }
    }

    /// Waits until nobody has the device open; closes this side's own.
    package func end() async {
        try? device.close()  // It was only read and written, and is gone either way.
        await onThread("terminal-end") { [state] in
            state.wait {
                $0.hasEnded
            } then: { _ in
            }
        }
    }

    private func setSize(_ columns: Int, _ rows: Int) {
        var size = winsize(ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }
}
