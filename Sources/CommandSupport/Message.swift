internal import Glibc
internal import OCI

/// What a command says on stderr, above whatever is drawn there.
package enum Message {
    private static let started = Clock.now()

    /// The moment that details count from; called once, when the program starts.
    static func prepare() { _ = started }

    /// Something that stops nothing, but that the user should know.
    package static func warning(_ text: String) {
        say(Terminal.standardError.styled("warning:", .yellow) + " \(text.printable())")
    }

    /// What became of something; not where quiet was asked for. Lines of its own are kept.
    package static func note(_ text: String) {
        if Verbosity.current != .quiet { say(text) }
    }

    /// What is done and why, with the seconds since the start; only where it was asked for.
    package static func detail(_ text: @autoclosure () -> String) {
        guard Verbosity.current == .verbose else { return }
        let hundredths = Int((Clock.now() - started) * 100)
        let seconds = "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)s"
        let padding = String(repeating: " ", count: max(0, 8 - seconds.count))
        say(Terminal.standardError.styled("[\(padding)\(seconds)]", .dim) + " \(text().printable())")
    }

    /// What the process took so far.
    static func resources() {
        detail(
            {
                var usage = rusage()
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                func tenths(_ time: timeval) -> Int { time.tv_sec * 10 + Int(time.tv_usec) / 100_000 }
                let cpu = tenths(usage.ru_utime) + tenths(usage.ru_stime)
                return "took \(Format.duration(Clock.now() - started)), \(cpu / 10).\(cpu % 10)s of CPU, "
                    + "\(Format.bytes(Int64(usage.ru_maxrss) * 1024)) of memory at the peak"
            }())
    }

    private static func say(_ line: String) { Terminal.standardError.write(line + "\n") }
}
