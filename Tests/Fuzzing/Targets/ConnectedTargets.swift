import FoundationEssentials
import HTTP
import SystemPackage

@testable import Registry

extension FuzzTarget {
    /// A WWW-Authenticate header.
    static let challenge = FuzzTarget("challenge") { input in
        let found = Challenge.parse([text(input)])
        try hold(found.allSatisfy { !$0.scheme.isEmpty }, "each challenge has a scheme")
        let printed = found.map(printed).joined(separator: ", ")
        // What is longer is not read at all.
        guard printed.utf8.count <= 8 << 10 else { return }
        try hold(Challenge.parse([printed]) == found, "challenges read back as they were printed")
    }

    private static func printed(_ challenge: Challenge) -> String {
        let parameters = challenge.parameters.sorted { $0.key < $1.key }.map { name, value in
            let escaped = value.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined()
            return "\(name)=\"\(escaped)\""
        }
        return "\(challenge.scheme) \(parameters.joined(separator: ", "))"
    }

    /// Docker's config.json.
    static let dockerConfig = FuzzTarget("docker-config") { input in
        guard let file = accepted({ try DockerConfiguration(Data(input), path: "config.json") }) else { return }
        for host in ["docker.io", "registry.example", "localhost:5000", ""] {
            _ = file.helper(for: host)
            if case .basic(let user, _) = file.credentials(for: host) {
                try hold(!user.isEmpty, "somebody without a name is nobody")
            }
        }
        let key = DockerConfiguration.hostKey(text(input))
        try hold(!key.contains("/"), "a host has no path")
    }
}
