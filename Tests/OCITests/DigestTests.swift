import FoundationEssentials
import OCI
import Testing

private let hex = String(repeating: "0123456789abcdef", count: 4)

@Suite struct DigestTests {
    @Test func hashesTheEmptyInput() {
        #expect(
            DigestHasher().digest().description
                == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func hashesTheSameInAnyPieces() {
        let bytes = Data((0..<10_000).map { UInt8($0 % 251) })
        for algorithm in Digest.Algorithm.allCases {
            var hasher = DigestHasher(algorithm)
            for start in stride(from: 0, to: bytes.count, by: 777) {
                bytes[start..<min(start + 777, bytes.count)].withUnsafeBytes { hasher.update($0) }
            }
            #expect(hasher.digest() == .of(bytes, algorithm: algorithm))
            #expect(hasher.digest() == hasher.digest(), "asking doesn't end the hash")
        }
    }

    @Test func knowsThePublishedVectors() {
        let abc = Data("abc".utf8)
        #expect(
            Digest.of(abc).description == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.of(abc, algorithm: .sha512).hex.hasPrefix("ddaf35a193617abacc417349ae204131"))
    }

    @Test func parsesAndPrintsItsWireForm() throws {
        #expect(try Digest(parsing: "sha256:\(hex)").description == "sha256:\(hex)")
        #expect(try Digest(parsing: "sha512:\(hex)\(hex)").algorithm == .sha512)
        #expect(try Digest(parsing: "sha256:\(hex)").short == "0123456789ab")
    }

    @Test(arguments: [
        ("", "ALGORITHM:HEX"), (hex, "ALGORITHM:HEX"), ("sha256", "ALGORITHM:HEX"), (":\(hex)", "sha256 or sha512"),
        ("sha384:\(hex)", "sha256 or sha512"), ("SHA256:\(hex)", "sha256 or sha512"), ("sha256:", "exactly 64"),
        ("sha256:abc", "exactly 64"), ("sha256:\(hex)a", "exactly 64"), ("sha512:\(hex)", "exactly 128"),
        ("sha256:\(hex.uppercased())", "lowercase"), ("sha256:\(hex.dropLast())g", "lowercase"),
        ("sha256:\(hex.dropLast(3))../", "lowercase"), ("sha256:\(hex.dropLast())\n", "lowercase"),
        ("sha256:\(hex.dropLast()) ", "lowercase"), ("sha256+b64:\(hex)", "sha256 or sha512"),
    ]) func refuses(_ text: String, _ rule: String) {
        let error = #expect(throws: Malformed.self) { try Digest(parsing: text) }
        #expect(error?.rule.contains(rule) == true)
    }

    @Test func isCodedAsItsText() throws {
        let digest = try Digest(parsing: "sha256:\(hex)")
        let json = try JSONEncoder().encode([digest])
        #expect(String(decoding: json, as: UTF8.self) == "[\"sha256:\(hex)\"]")
        #expect(try JSONDecoder().decode([Digest].self, from: json) == [digest])
        #expect(throws: Malformed.self) { try JSONDecoder().decode([Digest].self, from: Data("[\"sha256:x\"]".utf8)) }
    }
}
