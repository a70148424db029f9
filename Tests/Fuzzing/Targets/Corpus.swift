import FoundationEssentials
import Signatures
import SystemPackage

/// The inputs that the fuzzers begin with, and those that once broke something: `corpus/TARGET/NAME`.
enum Corpus {
    static let folder = FilePath(#filePath).removingLastComponent().removingLastComponent().appending("corpus")

    /// Every input for a target, by name.
    static func inputs(of target: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = folder.appending(target)
        return try FileManager.default.contentsOfDirectory(atPath: folder.string).sorted().map {
            ($0, try bytes(folder.appending($0)))
        }
    }

    /// The tar of a bundle that `signers` have signed.
    static let signedBundle: [UInt8] = known { try bytes(folder.appending("bundle").appending("signed")) }

    static let signers: TrustedKeys = known {
        TrustedKeys([TrustedKey(try PublicKey(pem: text(bytes(keyFile))), at: keyFile)])
    }

    private static let keyFile = folder.appending("keys").appending("signer.pub")

    private static func bytes(_ path: FilePath) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path.string)))
    }

    /// Files of the repository, without which there is nothing to test.
    private static func known<Value>(_ read: () throws -> Value) -> Value {
        do { return try read() } catch { fatalError("can't read the corpus: \(error)") }
    }
}
