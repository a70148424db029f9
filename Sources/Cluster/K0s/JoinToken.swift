internal import FoundationEssentials
internal import Inflate

/// What lets a node join a cluster: the text that `k0s token create` prints.
///
/// In it is a kubeconfig, packed with gzip and written in base64 (k0s 1.36, pkg/token): where the API is, what
/// certificates it has, and a secret. Whether the cluster takes it only the cluster can say.
package struct JoinToken: Hashable, Sendable {
    /// As it was printed. A secret.
    package let text: String
    /// The URL of the API: `https://192.0.2.10:6443`.
    package let server: String
    /// The host of that URL, without brackets.
    package let host: String
    /// The secret inside, `ID.SECRET`.
    package let secret: String

    /// More than any token has; a file that is none is told before it is read into memory whole.
    package static let limit = 64 << 10
    /// More than a kubeconfig with a few certificates.
    private static let contentLimit = 1 << 20
    /// As whom k0s has workers ask for their certificates.
    private static let workersUser = "kubelet-bootstrap"

    /// Reads a worker's token; throws ``ClusterError/badToken(reason:)`` where `text` is none.
    package init(_ text: String) throws(ClusterError) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 1, let word = words.first else {
            throw .badToken(reason: words.isEmpty ? "it is empty" : "it has more than one word")
        }
        guard word.utf8.count <= Self.limit else { throw .badToken(reason: "it is longer than any") }
        guard let packed = Data(base64Encoded: String(word)) else { throw .badToken(reason: "it is not base64") }
        let lines = try Self.unpacked(packed).split(whereSeparator: \.isNewline)
        func value(_ key: String) -> String? {
            for line in lines {
                let field = line.drop { $0 == " " || $0 == "-" }
                guard field.hasPrefix(key + ":") else { continue }
                let value = field.dropFirst(key.utf8.count + 1).drop { $0 == " " }
                if !value.isEmpty { return value.filter { $0 != "\"" && $0 != "'" } }
            }
            return nil
        }
        guard let server = value("server"), let secret = value("token"), let user = value("user") else {
            throw .badToken(reason: "there is no server, user or token in it")
        }
        guard user == Self.workersUser else {
            throw .badToken(reason: "it is for '\(user.prefix(40))', not for a worker")
        }
        guard let host = Self.host(of: server) else {
            throw .badToken(reason: "'\(server.prefix(80))' is no address of an API server")
        }
        (self.text, self.server, self.host, self.secret) = (String(word), server, host, secret)
    }

    /// Of `https://HOST:PORT`, without brackets; `nil` where `server` is none.
    package static func host(of server: String) -> String? {
        guard server.hasPrefix("https://") else { return nil }
        let place = server.dropFirst("https://".count).prefix { $0 != "/" }
        let isBracketed = place.hasPrefix("[")
        guard let end = isBracketed ? place.firstIndex(of: "]") : place.firstIndex(of: ":") ?? place.endIndex else {
            return nil
        }
        let host = isBracketed ? place[..<end].dropFirst() : place[..<end]
        return host.isEmpty ? nil : String(host)
    }

    private static func unpacked(_ packed: Data) throws(ClusterError) -> String {
        var result: [UInt8] = []
        do {
            let inflater = try Inflater(.gzip)
            var rest = [UInt8](packed)[...]
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let step = try rest.withUnsafeBytes { input in
                    try buffer.withUnsafeMutableBytes { try inflater.step(input, into: $0) }
                }
                result += buffer[..<step.given]
                rest = rest.dropFirst(max(0, step.taken))
                if step.hasEnded { break }
                guard step.taken > 0 || step.given > 0 else { throw InflateError.damaged(reason: "it is cut off") }
                guard result.count <= contentLimit else { throw InflateError.damaged(reason: "it is too large") }
            }
        } catch {
            throw .badToken(reason: "what is in it can't be unpacked: \(error)")
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw .badToken(reason: "what is in it is no text")
        }
        return text
    }
}
