internal import BundleFormat
internal import FoundationEssentials
internal import OCI

/// Takes secrets out of what people are shown: as they are, as JSON writes them, and as base64, alone or within more.
struct Secrets: Sendable {
    /// Longest first: one secret may be the beginning of another.
    private let patterns: [[UInt8]]

    /// Shorter ones would tear up innocent text.
    static let shortest = 4
    private static let replacement = Array("[removed]".utf8)

    init(_ values: some Sequence<String>) {
        patterns = Set(values.filter { $0.utf8.count >= Self.shortest }.flatMap(Self.spellings))
            .sorted { $0.count > $1.count }
    }

    /// `text` without them.
    func removed(from text: String) -> String {
        patterns.isEmpty ? text : String(decoding: removed(from: Array(text.utf8)), as: UTF8.self)
    }

    /// `bytes` without them.
    func removed(from bytes: [UInt8]) -> [UInt8] {
        patterns.reduce(bytes) { bytes, secret in
            var result: [UInt8] = []
            var rest = bytes[...]
            while let start = rest.firstIndex(of: secret[0]) {
                result += rest[..<start]
                if rest[start...].starts(with: secret) {
                    result += Self.replacement
                    rest = rest[(start + secret.count)...]
                } else {
                    result.append(rest[start])
                    rest = rest[(start + 1)...]
                }
            }
            return result + rest
        }
    }

    private static func spellings(of secret: String) -> [[UInt8]] {
        let bytes = Array(secret.utf8)
        var spellings = [bytes, Array(Data(bytes).base64EncodedString().utf8)]
        // A text always encodes; without its quotes.
        if let json = try? encodeJSON(secret) { spellings.append(Array(json.dropFirst().dropLast())) }
        // `user:password` in base64: what the bytes before and after leave unchanged of it.
        for shift in 0..<3 {
            let text = Data([UInt8](repeating: 0, count: shift) + bytes).base64EncodedString()
            let inner = Array(text.utf8)[[0, 2, 3][shift]..<((shift + bytes.count) * 8 / 6)]
            if inner.count >= shortest { spellings.append(Array(inner)) }
        }
        return spellings
    }
}

extension Parameters {
    /// The values that nobody but root may see: those that were generated, and those whose names say so.
    var secrets: Secrets {
        Secrets(
            values.filter { name, _ in generated.contains(name) || Parameter.isSecret(name) }.map(\.value))
    }
}

extension InstallEvent {
    /// The event without secrets: what programs of the platform print may hold some.
    func without(_ secrets: Secrets) -> InstallEvent {
        func clean(_ text: String) -> String { secrets.removed(from: text) }
        return switch self {
        case .looked, .began, .kept, .finished, .progress: self
        case .failed(let step, let reason): .failed(step: step, reason: clean(reason))
        case .doing(let step, let what): .doing(step: step, what: clean(what))
        case .waiting(let step, let blockers): .waiting(step: step, blockers: blockers.map(clean))
        case .checked(let name, let layer, let passed, let detail):
            .checked(name: name, layer: layer, passed: passed, detail: detail.map(clean))
        case .warning(let text): .warning(clean(text))
        case .detail(let step, let text): .detail(step: step, clean(text))
        }
    }
}
