import Testing

/// One way to install the bundle: every rule holds for each.
struct Variant: CustomTestStringConvertible, Sendable {
    let profile: String?
    let overrides: [String: String]

    init(_ profile: String? = nil, _ overrides: [String: String] = [:]) {
        self.profile = profile
        self.overrides = overrides
    }

    var testDescription: String {
        let parts = [profile].compactMap { $0 } + overrides.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return parts.isEmpty ? "defaults" : parts.joined(separator: " ")
    }

    func rendered() throws -> RenderedPlatform { try RenderedPlatform(profile: profile, overrides: overrides) }
    func graph() throws -> ObjectGraph { ObjectGraph(try rendered()) }

    static let profiles = [nil, "standard", "small", "development", "restricted", "small,restricted"].map {
        Variant($0)
    }
    static let all =
        profiles + [
            Variant(nil, ["dataDir": "/srv/platform", "reclaimPolicy": "Retain"]),
            Variant(nil, ["pullPolicy": "IfNotPresent", "ingressHost": "data.example.com"]),
            Variant("small", ["flinkTaskManagers": "2", "flinkStateBackend": "rocksdb", "clientCIDR": "192.0.2.0/24"]),
            Variant(nil, ["nifiUser": "flow-admin", "schemaCompatibility": "FULL", "kafkaRetentionHours": "24"]),
        ]
}
