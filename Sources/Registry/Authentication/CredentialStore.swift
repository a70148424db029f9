internal import FoundationEssentials
internal import HTTP
package import SystemPackage
internal import Threads

/// Where credentials come from.
package final class CredentialStore: Sendable {
    private enum Source: Sendable {
        case fixed([String: Credentials])
        case docker(DockerConfiguration)
    }

    private let source: Source
    /// A helper is asked once about a host; the outer optional says whether it was.
    private let known = Lock<[String: Credentials?]>([:])
    private let asking = Slots(total: .max, perKey: 1)

    private init(_ source: Source) {
        self.source = source
    }

    /// No credentials at all.
    package static let none = CredentialStore(.fixed([:]))

    /// Credentials by host (`host` or `host:port`).
    package static func fixed(_ credentials: [String: Credentials]) -> CredentialStore {
        CredentialStore(.fixed(credentials))
    }

    /// Docker's `config.json` and the helpers that it names.
    ///
    /// - Parameters:
    ///   - path: the file, which must exist; `nil` for the usual place, where it may be missing.
    ///   - environment: `DOCKER_CONFIG` and `HOME` say where the usual place is.
    /// - Returns: a store that asks helpers only when a registry wants credentials.
    /// - Throws: ``RegistryError/credentials(source:reason:)`` where the file can't be read.
    package static func docker(
        at path: FilePath? = nil, environment: [String: String]
    ) throws(RegistryError) -> CredentialStore {
        guard let file = path ?? usualPlace(environment) else { return .none }
        do {
            let bytes = try Data(contentsOf: URL(filePath: file.string))
            return CredentialStore(.docker(try DockerConfiguration(bytes, path: file)))
        } catch let error as RegistryError {
            throw error
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile && path == nil {
            return .none
        } catch {
            throw .credentials(source: file.string, reason: "the file can't be read")
        }
    }

    /// What is known for `host`; throws only when a helper fails.
    func credentials(for host: String) async throws(RegistryError) -> Credentials? {
        switch source {
        case .fixed(let credentials): return credentials[host]
        case .docker(let configuration):
            guard let helper = configuration.helper(for: host) else { return configuration.credentials(for: host) }
            let turn = asking.reserve(host)
            guard await turn.wait() else { throw .cancelled }
            defer { turn.release() }
            if let known = known.withLock({ $0[host] }) { return known }
            let found =
                try await CredentialHelper(name: helper).credentials(for: host) ?? configuration.credentials(for: host)
            known.withLock { $0[host] = .some(found) }
            return found
        }
    }

    private static func usualPlace(_ environment: [String: String]) -> FilePath? {
        if let folder = environment["DOCKER_CONFIG"], !folder.isEmpty {
            return FilePath(folder).appending("config.json")
        }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return FilePath(home).appending(".docker").appending("config.json")
    }
}
