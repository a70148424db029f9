internal import OCI

/// HTML, of which every text that was put into it is escaped: what a bundle says can neither be markup nor change how a
/// line reads.
///
/// Literals are markup; what is interpolated is text, unless it is markup itself. The escaped text may stand between tags
/// and in an attribute's double quotes, not in a script or a style.
struct Markup: Hashable, Sendable {
    private(set) var html = ""

    /// So many characters of a text are shown; behind them comes an ellipsis.
    private static let limit = 500

    init() {}

    /// Text.
    init(text: String) { html = Self.escaped(text) }

    /// A name of an image, which may be broken behind its slashes.
    init(name: String) {
        html = name.split(separator: "/", omittingEmptySubsequences: false).map { Self.escaped(String($0)) }
            .joined(separator: "/<wbr>")
    }

    /// What is HTML already: never anything that stems from a bundle.
    init(trusted html: String) { self.html = html }

    static func + (left: Markup, right: Markup) -> Markup { Markup(trusted: left.html + right.html) }

    static func += (left: inout Markup, right: Markup) { left.html += right.html }

    fileprivate static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.printable(limit: limit).utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += Array("&amp;".utf8)
            case UInt8(ascii: "<"): bytes += Array("&lt;".utf8)
            case UInt8(ascii: ">"): bytes += Array("&gt;".utf8)
            case UInt8(ascii: "\""): bytes += Array("&quot;".utf8)
            case UInt8(ascii: "'"): bytes += Array("&#39;".utf8)
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Markup: ExpressibleByStringInterpolation {
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            html.reserveCapacity(literalCapacity + 32 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { html += literal }

        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }

        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            html += Markup.escaped(value.description)
        }
    }

    init(stringLiteral value: String) { html = value }

    init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }
}

extension Sequence<Markup> {
    /// One after the other.
    func joined(separator: Markup = "") -> Markup {
        var joined = Markup()
        for (index, part) in enumerated() {
            if index > 0 { joined += separator }
            joined += part
        }
        return joined
    }
}
