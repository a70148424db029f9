internal import Glibc
package import SystemPackage

/// One of the process's output streams.
package struct Terminal: Sendable {
    /// Columns and rows.
    package struct Size: Hashable, Sendable {
        package var columns: Int
        package var rows: Int
    }

    /// How a word is set off on a terminal that shows colours.
    package enum Style: String, Sendable {
        case red = "1;31"
        case yellow = "33"
        case cyan = "36"
        case dim = "2"
    }

    private let descriptor: Int32
    /// What is drawn over and over, on whichever stream: both are usually the same terminal.
    let area: LiveArea

    private static let sharedArea = LiveArea(descriptor: STDERR_FILENO)
    /// For results.
    package static let standardOutput = Terminal(descriptor: STDOUT_FILENO, area: sharedArea)
    /// Where a person may answer.
    package static let standardInput = Terminal(descriptor: STDIN_FILENO, area: sharedArea)
    /// For messages and progress, so that results can be piped.
    package static let standardError = Terminal(descriptor: STDERR_FILENO, area: sharedArea)

    /// A terminal of a test's own.
    package init(descriptor: Int32) { self.init(descriptor: descriptor, area: LiveArea(descriptor: descriptor)) }

    private init(descriptor: Int32, area: LiveArea) {
        self.descriptor = descriptor
        self.area = area
    }

    /// Writes all of `text`; a stream that is closed or full takes nothing, and there is nobody to tell.
    ///
    /// What is drawn over and over makes room first, and comes back below.
    package func write(_ text: String) {
        area.aside { Self.writeNow(text, to: descriptor) }
    }

    /// Writes a document, of which no part may be lost unnoticed: throws what the system says, but where the reader has
    /// seen enough.
    package func write(document: some Sequence<UInt8>) throws(Errno) {
        area.aside {}
        do {
            _ = try FileDescriptor(rawValue: descriptor).writeAll(document)
        } catch {
            guard let errno = error as? Errno else { throw .ioError }
            if errno != .brokenPipe { throw errno }
        }
    }

    /// Runs `body`, which asks a person something: nothing is drawn meanwhile.
    package func asking<Answer>(_ body: () async throws -> Answer) async rethrows -> Answer {
        area.hold()
        defer { area.resume() }
        return try await body()
    }

    /// Runs `body`, which asks a person something and waits for the answer: nothing is drawn meanwhile.
    package func asking<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        area.hold()
        defer { area.resume() }
        return try body()
    }

    /// Whether a person is there, who can be asked.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Whether a person is looking at a terminal that can move its cursor.
    package var isInteractive: Bool { isTerminal && !["", "dumb"].contains(Self.variable("TERM")) }

    /// Size of the window as it is now; 80 by 24 where that can't be found out.
    package var size: Size {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Size(columns: 80, rows: 24)
        }
        return Size(columns: Int(size.ws_col), rows: Int(size.ws_row))
    }

    /// `text`, set off where a person looks at a terminal and `NO_COLOR` (no-color.org) doesn't forbid it.
    package func styled(_ text: String, _ style: Style) -> String {
        guard isInteractive, Self.variable("NO_COLOR").isEmpty else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// Whether the locale's characters are UTF-8; where there is no locale, nobody objected.
    static var showsUnicode: Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable).first { !$0.isEmpty } ?? "UTF-8"
        return locale.lowercased().hasSuffix("utf-8") || locale.lowercased().hasSuffix("utf8")
    }

    /// Whether the terminal is this process's to draw on, and not a shell's that runs it in the background.
    static func isForeground(_ descriptor: Int32) -> Bool {
        let group = tcgetpgrp(descriptor)
        return group < 0 || group == getpgrp()
    }

    static func writeNow(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    /// A variable of the environment; empty where there is none.
    private static func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
}
