internal import Glibc
package import SystemPackage

/// One of the process's output streams.
package struct Terminal: Sendable {
    private let descriptor: Int32

    /// For results.
    package static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
    /// Where a person may answer.
    package static let standardInput = Terminal(descriptor: STDIN_FILENO)
    /// For messages and progress, so that results can be piped.
    package static let standardError = Terminal(descriptor: STDERR_FILENO)

    /// Writes all of `text`; a stream that is closed or full takes nothing, and there is nobody to tell.
    package func write(_ text: String) {
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

    /// Writes a document, of which no part may be lost unnoticed: throws what the system says, but where the reader has
    /// seen enough.
    package func write(document: some Sequence<UInt8>) throws(Errno) {
        do {
            _ = try FileDescriptor(rawValue: descriptor).writeAll(document)
        } catch {
            guard let errno = error as? Errno else { throw .ioError }
            if errno != .brokenPipe { throw errno }
        }
    }

    /// Whether a person is looking: a terminal that can move its cursor.
    package var isInteractive: Bool {
        isatty(descriptor) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
    }

    /// The number of columns, 80 where that can't be found out.
    package var columns: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
