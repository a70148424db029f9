import FoundationEssentials
import OCI
import Signatures
import SystemPackage
import TestSupport
import Testing

/// What we sign, openssl accepts, and the other way round; keys go both ways, too.
@Suite(.enabled(if: Program.isInstalled("openssl"), "needs openssl"))
struct OpenSSLTests {
    private static let message = Data(seededBytes(5000, seed: 7))

    /// Whether openssl takes a signature; its own words are in the failure.
    private static func accepts(
        _ type: KeyType, _ signature: FilePath, by key: FilePath, over message: FilePath
    ) async -> Bool {
        let arguments =
            switch type {
            case .ed25519:
                [
                    "pkeyutl", "-verify", "-pubin", "-inkey", key.string, "-rawin", "-in", message.string, "-sigfile",
                    signature.string,
                ]
            case .ecdsaP256: ["dgst", "-sha256", "-verify", key.string, "-signature", signature.string, message.string]
            }
        // It fails where it refuses.
        return (try? await Program.run("openssl", arguments)) != nil
    }

    private static func makeKey(_ type: KeyType, _ path: FilePath) async throws {
        let kind =
            switch type {
            case .ed25519: ["-algorithm", "ed25519"]
            case .ecdsaP256: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
            }
        _ = try await Program.run("openssl", ["genpkey"] + kind + ["-out", path.string])
    }

    @Test(arguments: KeyType.allCases) func opensslAcceptsOurKeysAndSignatures(_ type: KeyType) async throws {
        let folder = TemporaryDirectory()
        let key = try PrivateKey.generate(type)
        let files = try key.write(to: folder.file("mine"), passphrase: nil)
        let (message, signature) = (folder.file("message"), folder.file("signature"))
        try write(Self.message, to: message)
        // Leading zeros and high bits make numbers of other lengths: often enough to meet them.
        for round in 0..<20 {
            try write(key.sign(Self.message), to: signature)
            #expect(await Self.accepts(type, signature, by: files.public, over: message), "round \(round)")
        }
        let half = folder.file("half")
        _ = try await Program.run(
            "openssl", ["pkey", "-in", files.private.string, "-pubout", "-out", half.string])
        #expect(try contents(of: half) == contents(of: files.public))
        try write(Self.message + [0], to: message)
        #expect(await !Self.accepts(type, signature, by: files.public, over: message))
    }

    @Test(arguments: KeyType.allCases) func weAcceptOpensslsKeysAndSignatures(_ type: KeyType) async throws {
        let folder = TemporaryDirectory()
        let (secret, half) = (folder.file("secret"), folder.file("half"))
        let (message, signature) = (folder.file("message"), folder.file("signature"))
        try write(Self.message, to: message)
        try await Self.makeKey(type, secret)
        _ = try await Program.run("openssl", ["pkey", "-in", secret.string, "-pubout", "-out", half.string])
        let key = try PublicKey(contentsOf: half)
        #expect(key.type == type)
        #expect(key.pem == String(decoding: try contents(of: half), as: UTF8.self))
        for _ in 0..<5 {
            let sign =
                switch type {
                case .ed25519: ["pkeyutl", "-sign", "-rawin", "-inkey", secret.string, "-in", message.string]
                case .ecdsaP256: ["dgst", "-sha256", "-sign", secret.string]
                }
            let tail = type == .ecdsaP256 ? [message.string] : []
            _ = try await Program.run("openssl", sign + ["-out", signature.string] + tail)
            #expect(key.isSignature(try contents(of: signature), over: Self.message))
        }
        // The private key in our hands is the same key, and is written as openssl writes it.
        let own = try PrivateKey(contentsOf: secret, passphrase: nil)
        #expect(own.publicKey == key)
        try write(own.pem(passphrase: nil).utf8, to: folder.file("again"))
        #expect(try contents(of: folder.file("again")) == contents(of: secret))
        let der = folder.file("der")
        _ = try await Program.run(
            "openssl", ["pkey", "-pubin", "-in", half.string, "-outform", "DER", "-out", der.string])
        #expect(key.fingerprint == Digest.of(Data(try contents(of: der))))
    }

    @Test func readsKeysInTheOldFormOfEllipticCurves() async throws {
        let folder = TemporaryDirectory()
        let (old, half) = (folder.file("old"), folder.file("half"))
        _ = try await Program.run("openssl", ["ecparam", "-name", "prime256v1", "-genkey", "-out", old.string])
        #expect(String(decoding: try contents(of: old), as: UTF8.self).contains("BEGIN EC PARAMETERS"))
        _ = try await Program.run("openssl", ["ec", "-in", old.string, "-pubout", "-out", half.string])
        let key = try PrivateKey(contentsOf: old, passphrase: nil)
        #expect(key.publicKey == (try PublicKey(contentsOf: half)))
    }

    @Test(arguments: KeyType.allCases) func passphrasesGoBothWays(_ type: KeyType) async throws {
        let folder = TemporaryDirectory()
        let key = try PrivateKey.generate(type)
        let mine = try key.write(to: folder.file("mine"), passphrase: "größer als 1")
        try write("größer als 1\n".utf8, to: folder.file("passphrase"))
        let opened = folder.file("opened")
        let open = ["-passin", "file:\(folder.file("passphrase"))"]
        _ = try await Program.run("openssl", ["pkey", "-in", mine.private.string, "-out", opened.string] + open)
        #expect(try PrivateKey(contentsOf: opened, passphrase: nil).publicKey == key.publicKey)

        for options in [
            ["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"], ["-v2", "aes192"],
        ] {
            let sealed = folder.file("sealed")
            _ = try await Program.run(
                "openssl",
                ["pkcs8", "-topk8", "-in", opened.string, "-out", sealed.string, "-passout", "pass:secret"] + options)
            #expect(try PrivateKey(contentsOf: sealed, passphrase: "secret").publicKey == key.publicKey, "\(options)")
            #expect(throws: KeyError.passphraseWrong(path: sealed)) {
                try PrivateKey(contentsOf: sealed, passphrase: "Secret")
            }
            #expect(throws: KeyError.passphraseMissing(path: sealed)) {
                try PrivateKey(contentsOf: sealed, passphrase: nil)
            }
        }
    }

    @Test(arguments: [
        (["genpkey", "-algorithm", "RSA"], "another kind"),
        (["genpkey", "-algorithm", "ed448"], "another kind"),
        (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "another kind"),
        (["ecparam", "-name", "secp384r1", "-genkey", "-noout"], "another kind"),
        (["ecparam", "-name", "secp256k1", "-genkey", "-noout"], "another kind"),
        (["genpkey", "-algorithm", "ed25519", "-outform", "DER"], "no PEM block"),
    ]) func namesWhatItDoesNotTake(_ command: [String], _ reason: String) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("key")
        _ = try await Program.run("openssl", command + ["-out", path.string])
        let error = #expect(throws: KeyError.self) { try PrivateKey(contentsOf: path, passphrase: nil) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.hint != nil)
    }

    @Test func refusesOtherProtections() async throws {
        let folder = TemporaryDirectory()
        let (plain, sealed) = (folder.file("plain"), folder.file("sealed"))
        try await Self.makeKey(.ecdsaP256, plain)
        for (command, reason) in [
            (["pkcs8", "-topk8", "-scrypt"], "not supported"), (["ec", "-aes256"], "old form of OpenSSL"),
        ] {
            _ = try await Program.run(
                "openssl",
                command + ["-in", plain.string, "-out", sealed.string, "-passout", "pass:secret"])
            let error = #expect(throws: KeyError.self) { try PrivateKey(contentsOf: sealed, passphrase: "secret") }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
    }
}
