import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport

/// A secret that is the tests' own, and its traces.
struct Canary: Sendable, CustomStringConvertible {
    /// What it is the secret of.
    let description: String
    let secret: String
    private let spellings: [[UInt8]]

    /// A new secret, with characters that JSON, URLs and shells write in another way.
    init(_ description: String) {
        self.init(
            description,
            secret: "cnry/\(Int.random(in: 100_000_000...999_999_999))+\"k&7%\(UInt64.random(in: 0 ... .max))")
    }

    init(_ description: String, secret: String) {
        self.description = description
        self.secret = secret
        let bytes = Array(secret.utf8)
        var spellings = [bytes, Array(bytes.reversed())]
        // A text always encodes.
        if let json = try? JSONEncoder().encode(secret) { spellings.append(Array(json.dropFirst().dropLast())) }
        for safe in ["", "/+&\"", "/", "+"] {
            let text = bytes.map { byte -> String in
                let scalar = Character(Unicode.Scalar(byte))
                if scalar.isLetter || scalar.isNumber || safe.contains(scalar) { return String(scalar) }
                return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }.joined()
            spellings += [Array(text.utf8), Array(text.lowercased().utf8)]
        }
        // Alone or within more, such as `user:password`: what the neighbours leave unchanged of it.
        for shift in 0..<3 {
            let text = Data([UInt8](repeating: 0, count: shift) + bytes).base64EncodedString()
            let inner = Array(text.utf8)[[0, 2, 3][shift]..<((shift + bytes.count) * 8 / 6)]
            spellings += [
                Array(inner),
                inner.map {
                    $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0
                },
            ]
        }
        spellings.append(Array(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined().utf8))
        self.spellings = Array(Set(spellings))
    }

    /// Whether any spelling of it is in `bytes`.
    func isIn(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in spellings.contains { Self.find($0, in: bytes) } }
    }

    private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        guard var start = bytes.baseAddress else { return false }
        let end = start + bytes.count
        while end - start >= needle.count, let found = memchr(start, CInt(needle[0]), end - start) {
            guard end - UnsafeRawPointer(found) >= needle.count else { return false }
            if memcmp(found, needle, needle.count) == 0 { return true }
            start = UnsafeRawPointer(found) + 1
        }
        return false
    }

    func isIn(_ text: String) -> Bool { isIn(Array(text.utf8)) }
}

extension Workplace {
    /// Which of `canaries` are in which files below this place, the names of `except` and what is below them left out.
    func traces(of canaries: [Canary], except: [String] = []) throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: file("").string)
        return try names.filter { name in !except.contains { name == $0 || name.hasPrefix("\($0)/") } }.flatMap {
            name in
            let path = file(name)
            var status = stat()
            guard lstat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                return canaries.filter { $0.isIn(name) }.map { "\($0) in the name \(name)" }
            }
            let bytes = try contents(of: path)
            return canaries.filter { $0.isIn(bytes) || $0.isIn(name) }.map { "\($0) in \(name)" }
        }
    }
}
