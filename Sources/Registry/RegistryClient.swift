internal import HTTP
internal import OCI

/// A client of the OCI distribution specification 1.1, for pulling and pushing; also fetches plain files by URL.
///
/// One client is meant to be shared: connections, tokens and limits are its own. Nothing that it returns or leaves in a
/// file under a descriptor's name was accepted without its digest.
package final class RegistryClient: Sendable {
    let configuration: RegistryConfiguration
    let exchanger: Exchanger
    /// For what may be large and long.
    let transfers: Slots
    /// Manifests and configs have a queue of their own: a stream that waits for its reader must not hold them up.
    let documents: Slots

    package init(_ configuration: RegistryConfiguration) {
        self.configuration = configuration
        exchanger = Exchanger(configuration)
        let perHost = configuration.maximumTransfersPerHost ?? configuration.maximumTransfers
        transfers = Slots(total: configuration.maximumTransfers, perKey: perHost)
        documents = Slots(total: configuration.maximumTransfers, perKey: perHost)
    }

    /// What to ask for `name`, a tag or digest, of a reference's repository.
    func target(
        _ kind: String, _ name: String, of reference: ImageReference, subject: Subject, isPush: Bool = false
    ) throws(RegistryError) -> Target {
        let endpoint = try RegistryEndpoint(for: reference.registry, in: configuration)
        return Target(
            subject: subject, url: try endpoint.url(kind, name, of: reference),
            realm: Authorizer.Realm(endpoint: endpoint, repository: endpoint.repository(of: reference), isPush: isPush))
    }

    /// Runs `body` with a slot of `slots`.
    func withSlot<Result>(
        of slots: Slots, for target: Target, _ body: () async throws(RegistryError) -> Result
    ) async throws(RegistryError) -> Result {
        let slot = slots.reserve(target.host)
        guard await slot.wait() else { throw .cancelled }
        defer { slot.release() }
        return try await body()
    }
}
