/// One challenge of a `WWW-Authenticate` header: RFC 9110 §11.6.1.
struct Challenge: Hashable, Sendable {
    /// In lower case.
    var scheme: String
    /// Names in lower case; the first of two equal names counts.
    var parameters: [String: String]

    /// More than this comes from no honest server.
    private static let lengthLimit = 8 << 10

    /// Reads every challenge of the given header values; stops where the text can't be read and keeps what came before.
    static func parse(_ values: [String]) -> [Challenge] {
        values.filter { $0.utf8.count <= lengthLimit }.flatMap { value in
            var scanner = Scanner(bytes: Array(value.utf8))
            return scanner.challenges()
        }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var position = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func challenges() -> [Challenge] {
            var found: [Challenge] = []
            while true {
                skip { $0 == UInt8(ascii: ",") || Self.isSpace($0) }
                guard let scheme = token() else { return found }
                var challenge = Challenge(scheme: scheme.lowercased(), parameters: [:])
                while let (name, value) = parameter() {
                    if challenge.parameters[name] == nil { challenge.parameters[name] = value }
                }
                found.append(challenge)
            }
        }

        /// The next `name=value`; `nil`, with nothing taken, where a new challenge or garbage begins.
        private mutating func parameter() -> (String, String)? {
            let start = position
            skip { $0 == UInt8(ascii: ",") || Self.isSpace($0) }
            if let name = token() {
                skip(Self.isSpace)
                if current == UInt8(ascii: "=") {
                    position += 1
                    skip(Self.isSpace)
                    if let value = current == UInt8(ascii: "\"") ? quoted() : token() {
                        return (name.lowercased(), value)
                    }
                }
            }
            position = start
            return nil
        }

        private mutating func token() -> String? {
            let start = position
            skip(Self.isTokenByte)
            return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
        }

        private mutating func quoted() -> String? {
            position += 1
            var value: [UInt8] = []
            while let byte = current {
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let escaped = current else { return nil }
                    position += 1
                    value.append(escaped)
                default: value.append(byte)
                }
            }
            return nil
        }

        private mutating func skip(_ isSkipped: (UInt8) -> Bool) {
            while let byte = current, isSkipped(byte) { position += 1 }
        }

        private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            guard (0x21...0x7E).contains(byte) else { return false }
            return !Array("\"(),;<=>?@[\\]{}".utf8).contains(byte)
        }
    }
}
