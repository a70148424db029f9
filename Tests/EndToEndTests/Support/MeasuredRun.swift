import SystemPackage
import TestSupport
import Testing

/// How a program ended that may have been ended by a signal or taken too much of anything.
struct MeasuredRun: Sendable {
    /// Negative: the signal that ended it; -9999: the minute was over.
    var code: Int
    /// At its peak, resident.
    var kibibytes: Int
    var seconds: Double
    /// Both outputs.
    var text: String

    /// Prints exit code, KiB and seconds on its first line.
    private static let measure = """
        import resource, subprocess, sys, time
        start = time.monotonic()
        try:
            run = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=60)
            code, text = run.returncode, run.stdout
        except subprocess.TimeoutExpired as error:
            code, text = -9999, error.stdout or b""
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(code, peak, time.monotonic() - start, flush=True)
        sys.stdout.buffer.write(text[:100000])
        """

    /// Runs `sealift` for a minute at most.
    init(of arguments: [String], in place: Workplace) async throws {
        let run = try await place.run(
            ["python3", "-c", Self.measure, Executables.sealift.string] + arguments)
        let lines = run.output.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let figures = (lines.first ?? "").split(separator: " ").map(String.init)
        try #require(figures.count == 3, "\(run.transcript)")
        code = Int(figures[0]) ?? -1
        kibibytes = Int(figures[1]) ?? .max
        seconds = Double(figures[2]) ?? .infinity
        text = lines.count > 1 ? String(lines[1]) : ""
    }
}
