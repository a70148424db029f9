internal import Containerd
internal import FoundationEssentials
internal import OCI
internal import SystemPackage

/// Keeps what an import has written from containerd's garbage collection until names hold it.
///
/// The lease of a run that was killed stays for a day: the next run protects what it finds under a lease of its own,
/// and removes all of them when it is done. Only the holder of ``ImportLock`` may touch any of this.
struct ImportLease {
    /// What the identifiers of our leases and half-unpacked snapshots and the references of our ingests start with.
    static let prefix = "sealift-import-"
    /// Enough for any import, and for coming back to one that was stopped.
    private static let lifetime: Double = 24 * 3600

    let id: String

    /// Makes a lease of its own and uses it for every further call of `connection`.
    init(_ connection: ContainerdConnection) throws(ContainerdError) {
        id = "\(Self.prefix)\(UUID().uuidString.lowercased())"
        let expiry = Date.now.addingTimeInterval(Self.lifetime).formatted(.iso8601)
        try connection.createLease(id, labels: [ContainerdLabel.expiry: expiry])
        connection.lease = id
    }

    /// Takes what is there already and will be needed under the lease, so that nobody removes it meanwhile.
    func protect(
        _ images: [WantedImage], on node: NodeState, snapshotter: String, _ connection: ContainerdConnection
    ) throws(ContainerdError) {
        for descriptor in Set(images.flatMap(\.content)) where node.holds(descriptor) {
            try connection.addToLease(id, resource: (id: descriptor.digest.description, type: "content"))
        }
        for link in Set(images.flatMap(\.chains).flatMap(\.links).map(\.id.description))
        where node.snapshots.contains(link) {
            try connection.addToLease(id, resource: (id: link, type: "snapshots/\(snapshotter)"))
        }
        for ingest in try connection.ingests() where ingest.reference.hasPrefix(Self.prefix) {
            try connection.addToLease(id, resource: (id: ingest.reference, type: "ingests"))
        }
    }

    /// The one reference under which a blob is written: a run that comes later goes on with it.
    static func reference(_ digest: Digest) -> String { "\(prefix)\(digest)" }

    /// The name of the snapshot that a layer is unpacked into before it is whole.
    func extractionKey(_ chain: Digest) -> String { "\(id) \(chain)" }

    /// The name of the snapshot that a layer is unpacked into before what is below it is there.
    func stageKey(_ chain: Digest) -> String { "\(id) stage \(chain)" }

    /// Removes layers that a run which was killed left half unpacked.
    static func removeHalfUnpacked(_ connection: ContainerdConnection, snapshotter: String) throws(ContainerdError) {
        for snapshot in try connection.snapshots(snapshotter: snapshotter)
        where snapshot.kind != .committed && snapshot.name.hasPrefix(prefix) {
            try ignoringAbsence { () throws(ContainerdError) in
                try connection.removeSnapshot(snapshot.name, snapshotter: snapshotter)
            }
        }
    }

    /// Removes all leases and started blobs of all imports, once names hold what they kept.
    static func removeAll(_ connection: ContainerdConnection) throws(ContainerdError) {
        for ingest in try connection.ingests() where ingest.reference.hasPrefix(prefix) {
            try ignoringAbsence { () throws(ContainerdError) in try connection.abortIngest(ingest.reference) }
        }
        for lease in try connection.leases() where lease.id.hasPrefix(prefix) {
            try ignoringAbsence { () throws(ContainerdError) in
                try connection.deleteLease(lease.id, synchronously: false)
            }
        }
    }

    /// What expired and was collected between the listing and now is as gone as it should be.
    private static func ignoringAbsence(_ body: () throws(ContainerdError) -> Void) throws(ContainerdError) {
        do throws(ContainerdError) { try body() } catch { guard error.kind == .notFound else { throw error } }
    }
}
