internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// The part of Docker's `config.json` that says where credentials are.
struct DockerConfiguration: Sendable {
    private struct File: Decodable {
        var auths: [String: Entry]?
        var credsStore: String?
        var credHelpers: [String: String]?
    }

    private struct Entry: Decodable {
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
        var registrytoken: String?
    }

    private var entries: [String: Entry]
    private var store: String?
    private var helpers: [String: String]

    /// Reads a `config.json`.
    ///
    /// - Parameters:
    ///   - bytes: the file's content.
    ///   - path: where it came from, for errors; what is in it is never shown.
    /// - Throws: ``RegistryError/credentials(source:reason:)`` where it isn't valid.
    init(_ bytes: Data, path: FilePath) throws(RegistryError) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: bytes)
        } catch {
            // The decoder's own words could quote the file.
            throw .credentials(source: path.string, reason: "it is not a valid Docker config.json")
        }
        entries = Self.byHost(file.auths ?? [:])
        helpers = Self.byHost(file.credHelpers ?? [:])
        store = file.credsStore.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The helper to ask about `host`, `docker-credential-NAME`; `nil` where the file itself answers.
    func helper(for host: String) -> String? { helpers[Self.hostKey(host)] ?? store }

    /// What the file itself holds for `host`.
    func credentials(for host: String) -> Credentials? {
        guard let entry = entries[Self.hostKey(host)] else { return nil }
        if let token = entry.identitytoken, !token.isEmpty { return .identityToken(token) }
        if let token = entry.registrytoken, !token.isEmpty { return .registryToken(token) }
        if let user = entry.username, let password = entry.password, !user.isEmpty {
            return .basic(user: user, password: password)
        }
        guard let auth = entry.auth, let decoded = Data(base64Encoded: auth) else { return nil }
        let text = String(decoding: decoded, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":"), colon > text.startIndex else { return nil }
        // Docker pads with NUL here (cli `config/configfile`, `decodeAuth`).
        let password = text[text.index(after: colon)...].filter { $0 != "\0" }
        return .basic(user: String(text[..<colon]), password: password)
    }

    /// A key as people and tools write it: a host, a URL, Docker Hub under any of its names.
    static func hostKey(_ key: String) -> String {
        var host = key[...]
        for scheme in ["https://", "http://"] where host.hasPrefix(scheme) { host = host.dropFirst(scheme.count) }
        let name = host.prefix { $0 != "/" }.lowercased()
        return ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].contains(name)
            ? "docker.io" : name
    }

    /// Keyed by host; where two keys mean one host, the one that is spelled as the host itself counts.
    private static func byHost<Value>(_ values: [String: Value]) -> [String: Value] {
        let sorted = values.sorted { ($0.key.utf8.count, $0.key) < ($1.key.utf8.count, $1.key) }
        return Dictionary(sorted.map { (hostKey($0.key), $0.value) }) { shortest, _ in shortest }
    }
}
