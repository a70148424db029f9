/// A host of a fleet as an operator names it: `ADDRESS`, `USER@ADDRESS`, with `:PORT` behind it where it isn't 22.
struct FleetHost: Hashable {
    var user: String?
    /// A name or an IP address, without brackets.
    var address: String
    var port: Int?

    /// `nil` where `text` is none.
    init?(_ text: String) {
        var rest = Substring(text)
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        var tail: Substring
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            address = String(rest[..<end].dropFirst())
            tail = rest[rest.index(after: end)...]
        } else if rest.utf8.filter({ $0 == UInt8(ascii: ":") }).count > 1 {
            // IPv6 needs brackets only where a port follows.
            (address, tail) = (String(rest), "")
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            (address, tail) = (String(rest[..<end]), rest[end...])
        }
        if tail.hasPrefix(":") {
            guard let number = Int(tail.dropFirst()), (1...65535).contains(number) else { return nil }
            port = number
            tail = ""
        }
        guard tail.isEmpty, Self.isPlain(address, ".:-"), user.map({ Self.isPlain($0, "._-") }) ?? true else {
            return nil
        }
    }

    /// Letters, digits and `others`, and not an option of ssh.
    private static func isPlain(_ text: String, _ others: String) -> Bool {
        guard let first = text.first, first != "-" else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || others.contains($0)) }
    }

    /// Whether the address is one, and no name.
    var isNumeric: Bool {
        address.contains(":") || address.allSatisfy { $0 == "." || $0.isNumber }
    }
}
