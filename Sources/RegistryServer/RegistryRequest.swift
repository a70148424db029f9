internal import OCI

/// What a client asks for: the endpoints of distribution-spec 1.1 that read.
package struct RegistryRequest: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        /// end-1: is this a registry?
        case base
        case catalog
        /// end-8.
        case tags(String)
        /// end-3; by tag or digest.
        case manifest(String, reference: String)
        /// end-2.
        case blob(String, digest: String)
        /// end-12.
        case referrers(String, digest: String)
        case unknown
    }

    package var method: String
    package var target: Target
    /// Decoded; of equal keys the first counts.
    package var query: [String: String]
    /// The `Range` and `If-None-Match` headers, where there is one each.
    package var range: String?
    package var ifNoneMatch: String?

    /// Longer than any name that a registry can have.
    private static let uriLimit = 4096

    /// Takes a request apart; `nil` where its URI is none.
    package init?(method: String, uri: String, range: String? = nil, ifNoneMatch: String? = nil) {
        guard uri.utf8.count <= Self.uriLimit else { return nil }
        let parts = uri.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = Self.decoded(parts[0]), path.hasPrefix("/") else { return nil }
        self.method = method
        self.range = range
        self.ifNoneMatch = ifNoneMatch
        query = [:]
        for pair in (parts.count > 1 ? parts[1] : Substring().utf8[...]).split(separator: UInt8(ascii: "&")) {
            let sides = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.decoded(sides[0]),
                let value = Self.decoded(sides.count > 1 ? sides[1] : sides[0][..<sides[0].startIndex])
            else { return nil }
            if query[key] == nil { query[key] = value }
        }
        target = Self.target(path)
    }

    private static func target(_ path: String) -> Target {
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().map {
            String(Substring($0))
        }
        guard parts.first == "v2" else { return .unknown }
        parts.removeFirst()
        if parts.isEmpty || parts == [""] { return .base }
        if parts == ["_catalog"] { return .catalog }
        guard parts.count >= 3 else { return .unknown }
        let name = parts.dropLast(2).joined(separator: "/")
        let last = parts[parts.count - 1]
        switch parts[parts.count - 2] {
        case "tags" where last == "list": return .tags(name)
        case "manifests": return .manifest(name, reference: last)
        case "blobs": return .blob(name, digest: last)
        case "referrers": return .referrers(name, digest: last)
        default: return .unknown
        }
    }

    /// Percent-decoded (RFC 3986 §2.1); `nil` where it can't be, or holds what no name can.
    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        guard bytes.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// A part of a blob that a client wants: RFC 9110 §14.
enum ByteRange: Hashable, Sendable {
    /// The whole: nothing was asked for, or something that need not be understood (§14.2), such as several parts.
    case whole
    case part(Range<Int64>)
    /// Nothing of what was asked for is there.
    case unsatisfiable

    /// Reads the header's value for something of `size` bytes.
    init(_ text: String?, size: Int64) {
        self = .whole
        guard let text, text.hasPrefix("bytes=") else { return }
        let sides = text.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return }
        // More digits than an Int64 has are beyond any end.
        let first = sides[0].isEmpty ? nil : Int64(sides[0]) ?? .max
        let last = sides[1].isEmpty ? nil : Int64(sides[1]) ?? .max
        switch (first, last) {
        case (nil, nil): return
        case (nil, let count?):
            self = count == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - count)..<size)
        case (let first?, let last):
            if let last, last < first { return }
            self = first >= size ? .unsatisfiable : .part(first..<(min(last ?? .max, size - 1) + 1))
        }
    }
}
