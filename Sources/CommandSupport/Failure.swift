internal import ArgumentParser
internal import BundleFormat
internal import Frames
internal import OCI
internal import Signatures
internal import SystemPackage
internal import Tarball

/// An error as the person at the keyboard sees it, and the exit code that a script sees.
package struct Failure: Error {
    /// Exit codes, after BSD's `sysexits.h`.
    package enum Code: Int32, Sendable, CaseIterable {
        /// The command line is wrong; ArgumentParser's own for that.
        case usage = 64
        /// The input, or what was verified, is wrong.
        case data = 65
        /// An input file is not there.
        case noInput = 66
        /// A registry or server can't be reached.
        case unavailable = 69
        /// A bug of ours.
        case software = 70
        /// The output can't be made, or is there already.
        case cantCreate = 73
        /// Reading or writing failed: a full disk, a bad medium.
        case inputOutput = 74
        /// Not allowed: file permissions, or a registry that refused the credentials.
        case permission = 77
        /// Stopped by Ctrl-C or SIGTERM.
        case interrupted = 130
    }

    package var message: String
    package var hint: String?
    package var code: Code

    package init(_ message: String, hint: String? = nil, code: Code) {
        self.message = message
        self.hint = hint
        self.code = code
    }

    /// What both executables can meet.
    package init(explaining error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case is CancellationError: self.init("interrupted", hint: nil, code: .interrupted)
        case FramesError.system(_, let path, let errno): self.init(errno, "\(error)", path: path)
        case BundleError.system(_, let path, let errno): self.init(errno, "\(error)", path: path)
        case FramesError.unreadable:
            self.init(
                "\(error)", hint: "if it was copied, compare its length and .sha256 with the original's", code: .data)
        case is FramesError:
            self.init("\(error)", hint: "copy the bundle again from where it was built", code: .data)
        case BundleError.partsMissing, BundleError.noPartsList:
            self.init("\(error)", hint: (error as? BundleError)?.hint, code: .noInput)
        case BundleError.tooManyParts:
            self.init("\(error)", hint: (error as? BundleError)?.hint, code: .cantCreate)
        case let error as BundleError: self.init("\(error)", hint: error.hint, code: .data)
        case KeyError.system(_, let path, let errno): self.init(errno, "\(error)", path: path)
        case let error as KeyError: self.init("\(error)", hint: error.hint, code: error.isTaken ? .cantCreate : .data)
        case let error as KeyFault: self.init("the key can't be used: \(error.reason)", hint: error.hint, code: .data)
        case is Malformed, is TarballError: self.init("\(error)", code: .data)
        case let errno as Errno: self.init(errno, "\(errno)", path: nil)
        default: self.init("\(error)", hint: "this is a bug of Sealift; please report it", code: .software)
        }
    }

    private init(_ errno: Errno, _ message: String, path: FilePath?) {
        switch errno {
        case .noSuchFileOrDirectory: self.init(message, hint: "check the path", code: .noInput)
        case .permissionDenied, .notPermitted:
            self.init(message, hint: "check the permissions, or use sudo", code: .permission)
        case .noSpace, .diskQuotaExceeded:
            self.init(
                message, hint: "free some space, or choose another folder; running again goes on where this stopped",
                code: .inputOutput)
        case .readOnlyFileSystem: self.init(message, hint: "choose a folder that can be written to", code: .cantCreate)
        case .ioError:
            self.init(
                message,
                hint:
                    "the disk or medium is failing or was taken out; bring it back and run the same again, or copy the file "
                    + "again from where it was built, to another",
                code: .inputOutput)
        case .operationNotSupportedByDevice, .noSuchAddressOrDevice, .staleNFSFileHandle:
            self.init(message, hint: "the medium is gone; bring it back and run the same again", code: .inputOutput)
        case .fileTooLarge:
            self.init(
                message,
                hint: "that file system takes no file of this size (FAT32: 4 GiB less a byte); split the bundle",
                code: .cantCreate)
        default: self.init(message, code: .inputOutput)
        }
    }
}

/// Runs a command's body: whatever it throws is printed as error and hint on stderr and becomes an exit code.
///
/// Ctrl-C and SIGTERM cancel the body's task, so that it can clean up; a second one ends the process at once.
package func runCommand(
    explaining explain: @Sendable (any Error) -> Failure = { Failure(explaining: $0) },
    _ body: @escaping @Sendable () async throws -> Void
) async throws {
    do {
        try await Interruption.cancels(body)
        Message.resources()
    } catch let code as ExitCode {
        throw code
    } catch {
        var failure = explain(error)
        // Whatever it looked like to whom it hit, it was the signal.
        if Interruption.happened, failure.code != .interrupted { failure = Failure("interrupted", code: .interrupted) }
        // Nothing is drawn over what comes now.
        Terminal.standardError.area.close()
        failure.write()
        throw ExitCode(failure.code.rawValue)
    }
}

extension Failure {
    /// Tells the person at the keyboard.
    func write() {
        let output = Terminal.standardError
        output.write("\(output.styled("error:", .red)) \(message.printableLines)\n")
        if let hint { output.write("\(output.styled("hint:", .cyan)) \(hint.printableLines)\n") }
    }
}

extension String {
    /// Printable but for its line ends: some messages are lists. What strangers have written was made one line before.
    package var printableLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map { $0.printable() }.joined(separator: "\n")
    }
}
