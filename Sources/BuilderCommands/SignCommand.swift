internal import ArgumentParser
internal import BundleBuilder
internal import BundleFormat
internal import CommandSupport
internal import Signatures
internal import SystemPackage

/// `sealift sign BUNDLE --key KEY`.
struct SignCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a bundle, or sign it anew with another key.",
        discussion: """
            Proves the archive first, then writes it with the signature beside index.json, from which every byte hangs \
            by digest; a signature that was there is replaced. Nothing is compressed anew. The archive's path is the \
            last line on standard output.

            EXAMPLES:
              sealift sign dist/hello-1.0.tar.zst --key release.key --force
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(
        help: ArgumentHelp("The private key (PEM) to sign with.", valueName: "file"),
        completion: .file(extensions: ["key", "pem"]))
    var key: String

    @OptionGroup var protection: PassphraseArguments

    @OptionGroup var mediaArguments: MediaArguments

    @Option(help: ArgumentHelp("Where the signed archive goes.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(help: "Replace an archive that is there; without --output, the one that is signed.")
    var force = false

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let key = try protection.privateKey(at: key) { Message.warning($0) }
            let bundle = try BundleReader(opening: FilePath(path), on: mediaArguments.media)
            let output = FilePath(output ?? path)
            let signing = try BundleSigning(
                bundle, with: key, output: output, isForced: force, workers: ProcessorCount.available)
            try await ArchiveVerification.requireSound(bundle)
            let meter = ProgressMeter(verb: "signing", total: signing.bytes)
            _ = try await signing.run { meter.add($0) }
            meter.finish()
            Message.note("signed with \(key.publicKey.fingerprint)")
            Terminal.standardOutput.write("\(output)\n")
        }
    }
}
