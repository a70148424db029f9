internal import BundleFormat
internal import Cluster
internal import FoundationEssentials
package import OCI
internal import SystemPackage

/// What is installed on this host, kept beside the journal; written before what it speaks of is put in place.
package struct InstalledRecord: Hashable, Sendable, Codable {
    /// The current schema.
    static let currentSchema = 1

    var schemaVersion = currentSchema
    package var bundle: String
    package var version: String
    /// The digest of the bundle's `index.json`.
    var index: Digest
    /// The fingerprint of the key that signed the bundle; `nil` where no key was there to check with.
    package var signedBy: Digest?
    /// `nil` where the bundle was installed onto a Kubernetes that was there.
    package var kubernetes: String?
    var isMultiNode: Bool
    var nodeAddress: String?
    /// The URL of the API that this host joins as a worker; `nil`: it has the platform itself.
    package var joined: String?
    /// Whether we made a dummy interface, since the host had no address of its own.
    var hasDummyRoute: Bool
    /// How to reach a Kubernetes that was there.
    var kubeconfig: String?
    var kubectl: String?
    var socket: String
    var namespace: String
    /// `nil`: overlayfs.
    var snapshotter: String?
    /// Every object that was applied, by stage, in the order in which it was applied.
    var objects: [StageObjects]
    /// The extra files that were put in place, by name; `nil`: none, or by an installer that didn't note them.
    var files: [String]?
    /// Folders on the host that hold the platform's data: those of its PersistentVolumes.
    var dataPaths: [String]
    var waived: [String]
    /// What was ever written as k0s' configuration, so that others' is told from it; `nil`: nothing yet.
    var settings: [Digest]?

    /// Whether this host only runs what a controller elsewhere gives it.
    var isWorker: Bool { joined != nil }

    /// `NAME-VERSION`.
    var label: String { "\(bundle)-\(version)" }

    /// What one stage put into Kubernetes.
    struct StageObjects: Hashable, Sendable, Codable {
        var stage: String
        var objects: [ObjectReference]
        /// What the stage had before an upgrade and has no more: until it is taken away, or because it holds data.
        var earlier: [ObjectReference]?
    }

    private struct Schema: Decodable {
        var schemaVersion: Int
    }

    /// The record at `path`; `nil` where nothing was installed.
    static func read(_ path: FilePath) throws -> InstalledRecord? {
        guard let bytes = try StateFile.read(path) else { return nil }
        // First, and alone: what else a newer schema has is unknown.
        let schema: Schema = try decodeJSON(bytes, as: "record of what is installed in \(path)")
        guard schema.schemaVersion == currentSchema else {
            throw Malformed(
                "record of what is installed in \(path)", String(schema.schemaVersion),
                breaks: "this Sealift reads schema \(currentSchema); use the installer that came with the bundle")
        }
        return try decodeJSON(bytes, as: "record of what is installed in \(path)")
    }

    /// Writes the record, durably.
    func write(to path: FilePath) throws {
        try DurableFile.write(try encodeJSON(self), to: path)
    }
}
