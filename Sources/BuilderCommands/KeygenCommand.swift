internal import ArgumentParser
internal import CommandSupport
internal import Signatures
internal import SystemPackage

extension KeyType: ExpressibleByArgument {}

/// `sealift keygen --output NAME`.
struct KeygenCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a pair of keys: one to sign bundles, one to check them.",
        discussion: """
            Writes NAME.key, which whoever builds keeps, and NAME.pub, which goes to the isolated hosts by another way \
            than the bundles. Neither is ever overwritten. Keys of openssl serve as well. With Ed25519 the same lock \
            and key give the same archive; ECDSA P-256 signatures differ each time, and are what cosign knows best.

            EXAMPLES:
              sealift keygen --output release
              sealift keygen --type ecdsa-p256 --output release
            """)

    @Option(help: "The kind of key: ed25519 or ecdsa-p256.")
    var type: KeyType = .ed25519

    @Option(help: ArgumentHelp("Where the keys go, without .key and .pub.", valueName: "name"), completion: .file())
    var output: String

    @OptionGroup var protection: PassphraseArguments

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand { [type, output, protection] in
            let passphrase = try protection.passphrase()
            let key = try PrivateKey.generate(type)
            let files = try key.write(to: FilePath(output), passphrase: passphrase)
            Terminal.standardOutput.write(
                Format.table([
                    ["private key", "\(files.private)"], ["public key", "\(files.public)"],
                    ["fingerprint", "\(key.publicKey.fingerprint)"],
                ]))
        }
    }
}

/// What opens a private key.
struct PassphraseArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file whose first line is the private key's passphrase.", valueName: "file"),
        completion: .file())
    var passphraseFile: String?

    /// The private key in a file, with a word about files that others than their owner can get at. A warning and no
    /// error: how a build machine is handed its secrets is often not the builder's to say.
    func privateKey(at path: String, warn: (String) -> Void) throws -> PrivateKey {
        let key = try PrivateKey(contentsOf: FilePath(path), passphrase: try passphrase())
        for path in [path, passphraseFile].compactMap(\.self) where PrivateKey.isOpenToOthers(FilePath(path)) {
            warn("others on this machine may read \(path): chmod 600 \(path)")
        }
        return key
    }

    /// The passphrase; `nil` where none was given.
    func passphrase() throws -> String? { try passphraseFile.map { try Signatures.passphrase(in: FilePath($0)) } }
}
