import FoundationEssentials

@testable import BundleFormat
@testable import Signatures

extension FuzzTarget {
    /// Keys in PEM, signatures in DER, and the member that holds a signature.
    static let keys = FuzzTarget("keys") { input in
        if let key = accepted({ try PublicKey(pem: text(input)) }) {
            try hold(accepted { try PublicKey(pem: key.pem) } == key, "a public key reads back as it was written")
            try hold(!key.isSignature(input, over: Data(input)), "nobody signs a text with that text")
        }
        if let key = accepted({ try PrivateKey(pem: text(input), passphrase: nil) }) {
            let again = accepted { try PrivateKey(pem: key.pem(passphrase: nil), passphrase: nil) }
            try hold(again?.publicKey == key.publicKey, "a private key reads back as it was written")
        }
        if let blocks = accepted({ try PEMBlock.blocks(of: text(input)) }) {
            for block in blocks { _ = accepted { try PassphraseProtection(decoding: block.bytes) } }
        }
        _ = accepted { try PassphraseProtection(decoding: input) }
        if let (r, s) = ECDSASignature.decode(input) {
            try hold(ECDSASignature.encode(r: r, s: s) == input, "a signature has one form in DER")
        }
        if let signature = BundleSignature(decoding: Data(input)) {
            try hold(Array(signature.encoded) == input, "a signature has one form in base64")
        }
        for signer in Corpus.signers.keys {
            try hold(!signer.key.isSignature(input, over: Data("x".utf8)), "nobody guesses a signature")
        }
    }
}
