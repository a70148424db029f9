internal import ArgumentParser
package import BundleFormat
internal import FoundationEssentials
internal import Glibc
internal import OCI
internal import SystemPackage

/// Where the parts of a bundle may be that is spread over several media.
package struct MediaArguments: ParsableArguments {
    @Option(
        name: .customLong("search"),
        help: ArgumentHelp(
            "A folder to look in for the parts of a split bundle, beside that of the file given. Repeatable.",
            valueName: "dir"), completion: .directory)
    var folders: [String] = []

    package init() {}

    /// The media; where a person is at the terminal, it asks for what is missing.
    package var media: BundleMedia {
        let canAsk = isatty(STDIN_FILENO) == 1 && Terminal.standardError.isInteractive
        return BundleMedia(folders.map { FilePath($0) }, prompt: canAsk ? MediumPrompt.ask : nil)
    }
}

/// Asks the person at the terminal for the next medium.
enum MediumPrompt {
    /// Says what is missing and waits for an answer: the folder of what was brought, or `nil` where it is in a known one.
    ///
    /// Throws `error` where the answer is to stop, and `CancellationError` where a signal says so.
    @Sendable static func ask(_ error: BundleError) throws -> FilePath? {
        try Terminal.standardError.asking { try answer(to: error) }
    }

    private static func answer(to error: BundleError) throws -> FilePath? {
        let output = Terminal.standardError
        output.write("\(error)\n")
        while true {
            output.write("insert the medium and press Return, or type its folder; q to stop: ")
            guard let line = try readLine() else {
                output.write("\n")
                throw error
            }
            let answer = line.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if answer.isEmpty { return nil }
            if line == "q" { throw error }
            if let folder = folder(line) { return folder }
            output.write("'\(line.printable())' is no folder\n")
        }
    }

    /// The folder that was typed, or the one of the file that was.
    private static func folder(_ text: String) -> FilePath? {
        var status = stat()
        guard stat(text, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFDIR { return FilePath(text) }
        let parent = FilePath(text).removingLastComponent()
        return parent.isEmpty ? "." : parent
    }

    /// A line of standard input without its end; `nil` where there will be none.
    private static func readLine() throws -> String? {
        var bytes: [UInt8] = []
        while true {
            var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            // A signal is told to another thread: what it says is looked for now and then.
            let count = poll(&descriptor, 1, 200)
            if Interruption.happened { throw CancellationError() }
            guard count > 0 else { continue }
            var byte: UInt8 = 0
            let got = read(STDIN_FILENO, &byte, 1)
            if got < 0, errno == EINTR { continue }
            guard got == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
    }
}
