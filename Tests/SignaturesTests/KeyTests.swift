import FoundationEssentials
import Glibc
import OCI
import Signatures
import SystemPackage
import TestSupport
import Testing

@Suite struct KeyTests {
    private static let message = Data("a message".utf8)

    @Test(arguments: KeyType.allCases) func onlyTheKeyAndTheMessageFit(_ type: KeyType) throws {
        let (key, other) = (try PrivateKey.generate(type), try PrivateKey.generate(type))
        let signature = try key.sign(Self.message)
        #expect(key.publicKey.isSignature(signature, over: Self.message))
        #expect(!other.publicKey.isSignature(signature, over: Self.message))
        #expect(!key.publicKey.isSignature(signature, over: Data("a massage".utf8)))
        #expect(!key.publicKey.isSignature([], over: Self.message))
        #expect(!key.publicKey.isSignature(signature + [0], over: Self.message))
        #expect(!key.publicKey.isSignature(Array(signature.dropLast()), over: Self.message))
        #expect(key.publicKey.fingerprint != other.publicKey.fingerprint)
        let isSame = try key.sign(Self.message) == signature
        #expect(isSame == (type == .ed25519))
    }

    @Test(arguments: KeyType.allCases) func everyFlippedBitCounts(_ type: KeyType) throws {
        let key = try PrivateKey.generate(type)
        let signature = try key.sign(Self.message)
        for bit in 0..<(signature.count * 8) {
            var flipped = signature
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.publicKey.isSignature(flipped, over: Self.message), "bit \(bit)")
        }
    }

    /// RFC 8032, 7.1, test 3.
    @Test func signsAsTheSpecificationDoes() throws {
        func bytes(_ hex: String) -> [UInt8] {
            stride(from: 0, to: hex.count, by: 2).compactMap {
                UInt8(hex.dropFirst($0).prefix(2), radix: 16)
            }
        }
        let seed = bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
        let der = bytes("302e020100300506032b657004220420") + seed
        let pem = "-----BEGIN PRIVATE KEY-----\n\(Data(der).base64EncodedString())\n-----END PRIVATE KEY-----\n"
        let key = try PrivateKey(pem: pem, passphrase: nil)
        let expected = bytes(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a")
        #expect(try key.sign(Data([0xAF, 0x82])) == expected)
    }

    @Test func keysAreWrittenForTheirOwnerOnlyAndNeverOverwritten() throws {
        let folder = TemporaryDirectory()
        let key = try PrivateKey.generate(.ed25519)
        let files = try key.write(to: folder.file("release.1"), passphrase: nil)
        #expect(files.private == folder.file("release.1.key") && files.public == folder.file("release.1.pub"))
        func mode(_ path: FilePath) -> mode_t {
            var status = stat()
            stat(path.string, &status)
            return status.st_mode & 0o7777
        }
        #expect(mode(files.private) == 0o600 && mode(files.public) == 0o644)
        let before = try contents(of: files.private)
        #expect(throws: KeyError.exists(path: files.public)) {
            try key.write(to: folder.file("release.1"), passphrase: nil)
        }
        unlink(files.public.string)
        #expect(throws: KeyError.exists(path: files.private)) {
            try key.write(to: folder.file("release.1"), passphrase: nil)
        }
        #expect(!exists(files.public))
        #expect(try contents(of: files.private) == before)
    }

    @Test func whatAKilledKeygenLeftIsClearedAway() throws {
        let folder = TemporaryDirectory()
        let remains = folder.file(".mine.key.partial")
        try write("half a key".utf8, to: remains)
        let held = open(remains.string, O_RDONLY)
        defer { close(held) }
        #expect(flock(held, LOCK_EX | LOCK_NB) == 0)
        let key = try PrivateKey.generate(.ed25519)
        #expect(throws: KeyError.exists(path: folder.file("mine.key")), "another one is at work") {
            try key.write(to: folder.file("mine"), passphrase: nil)
        }
        #expect(exists(remains))
        flock(held, LOCK_UN)
        let files = try key.write(to: folder.file("mine"), passphrase: nil)
        #expect(try PrivateKey(contentsOf: files.private, passphrase: nil).publicKey == key.publicKey)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path.string)
        #expect(names.sorted() == ["mine.key", "mine.pub"])
    }

    private static let good = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
        -----END PUBLIC KEY-----

        """

    @Test(arguments: [
        ("", "no PEM block"),
        ("hello", "no PEM block"),
        ("-----BEGIN PUBLIC KEY-----\nMCow", "no end"),
        ("-----END PUBLIC KEY-----\n", "never began"),
        ("-----BEGIN PUBLIC KEY-----\nM!ow\n-----END PUBLIC KEY-----\n", "not base64"),
        ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "not base64"),
        ("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n", "another kind or form"),
        ("-----BEGIN CERTIFICATE-----\nMCow\n-----END CERTIFICATE-----\n", "certificate"),
        ("-----BEGIN PRIVATE KEY-----\nMCow\n-----END PRIVATE KEY-----\n", "a private key"),
        (good + good, "2 PEM blocks"),
    ]) func saysWhatIsWrongWithAPublicKey(_ text: String, _ reason: String) throws {
        let folder = TemporaryDirectory()
        try write(text.utf8, to: folder.file("a.pub"))
        let error = #expect(throws: KeyError.self) { try PublicKey(contentsOf: folder.file("a.pub")) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func aPointBesideTheCurveIsNoKey() throws {
        let pem = try PrivateKey.generate(.ecdsaP256).publicKey.pem
        let body = pem.split(separator: "\n").dropFirst().dropLast().joined()
        var der = Array(try #require(Data(base64Encoded: body)))
        der[der.count - 1] ^= 1
        let changed = "-----BEGIN PUBLIC KEY-----\n\(Data(der).base64EncodedString())\n-----END PUBLIC KEY-----\n"
        #expect(throws: KeyFault.self) { try PublicKey(pem: changed) }
    }

    /// Cut anywhere and with any byte changed, a private key is read, or refused with words; it never crashes.
    @Test(arguments: KeyType.allCases) func damagedPrivateKeysAreRefused(_ type: KeyType) throws {
        for passphrase in [nil, "secret"] {
            let pem = try PrivateKey.generate(type).pem(passphrase: passphrase)
            let lines = pem.split(separator: "\n")
            let (first, last) = (lines[0], lines[lines.count - 1])
            let der = Array(try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())))
            func tryKey(_ bytes: [UInt8]) {
                let text = "\(first)\n\(Data(bytes).base64EncodedString())\n\(last)\n"
                // Opening needs a moment each time; whether the form holds is what is asked here.
                _ = try? PrivateKey(pem: text, passphrase: nil)
            }
            for count in der.indices {
                tryKey(Array(der[..<count]))
                for value: UInt8 in [0, 0x7F, 0x80, 0x84, 0xFF] {
                    var changed = der
                    changed[count] = value
                    tryKey(changed)
                }
            }
            #expect(throws: PrivateKey.Refusal.self) {
                try PrivateKey(
                    pem: "\(first)\n\(Data(der.dropLast()).base64EncodedString())\n\(last)\n", passphrase: nil)
            }
        }
    }
}

@Suite struct TrustedKeysTests {
    private static let message = Data("a message".utf8)

    private static func makeKey(_ name: FilePath, _ type: KeyType = .ed25519) throws -> PrivateKey {
        let key = try PrivateKey.generate(type)
        try write(key.publicKey.pem.utf8, to: name)
        return key
    }

    @Test func anyKeyThatFitsIsEnoughAndIsNamed() throws {
        let folder = TemporaryDirectory()
        let first = try Self.makeKey(folder.file("d/b.pem"), .ecdsaP256)
        let second = try Self.makeKey(folder.file("d/a.pub"))
        let given = try Self.makeKey(folder.file("given"))
        try write("no key".utf8, to: folder.file("d/README"))
        try write("no key".utf8, to: folder.file("d/.c.pem"))
        let keys = try TrustedKeys(files: [folder.file("given")], folder: folder.file("d"))
        #expect(keys.keys.map(\.path) == ["given", "d/a.pub", "d/b.pem"].map { folder.file($0) })
        for (key, name) in [(first, "d/b.pem"), (second, "d/a.pub"), (given, "given")] {
            let found = keys.first(thatMade: try key.sign(Self.message), over: Self.message)
            #expect(found?.path == folder.file(name))
        }
        let stranger = try PrivateKey.generate(.ed25519)
        #expect(keys.first(thatMade: try stranger.sign(Self.message), over: Self.message) == nil)
    }

    @Test func aFolderThatIsNotThereHoldsNone() throws {
        #expect(try TrustedKeys(files: [], folder: TemporaryDirectory().file("none")).isEmpty)
    }

    @Test(arguments: ["d", "d/a.pub"]) func whatAnybodyMayChangeIsNotTrusted(_ name: String) throws {
        let folder = TemporaryDirectory()
        _ = try Self.makeKey(folder.file("d/a.pub"))
        #expect(try TrustedKeys(files: [], folder: folder.file("d")).keys.count == 1)
        let path = folder.file(name)
        chmod(path.string, 0o777)
        #expect(throws: KeyError.open(path: path)) { try TrustedKeys(files: [], folder: folder.file("d")) }
    }

    @Test func whatCanNotBeReadIsNotIgnored() throws {
        let folder = TemporaryDirectory()
        _ = try Self.makeKey(folder.file("d/a.pub"))
        try write("no key".utf8, to: folder.file("d/b.pub"))
        #expect(throws: KeyError.self) { try TrustedKeys(files: [], folder: folder.file("d")) }
        #expect(throws: KeyError.self) { try TrustedKeys(files: [folder.file("absent.pub")], folder: nil) }
        // A file where the folder should be, and a folder where a key should be.
        #expect(throws: KeyError.self) { try TrustedKeys(files: [], folder: folder.file("d/a.pub")) }
        unlink(folder.file("d/b.pub").string)
        try FileManager.default.createDirectory(
            atPath: folder.file("d/c.pem").string, withIntermediateDirectories: false)
        #expect(throws: KeyError.self) { try TrustedKeys(files: [], folder: folder.file("d")) }
    }
}
