internal import BundleFormat
package import Cluster
internal import FoundationEssentials
package import OCI
package import SystemPackage

/// What is installed on this host, kept beside the journal; written before what it speaks of is put in place.
package struct InstalledRecord: Hashable, Sendable, Codable {
    /// The current schema.
    package static let currentSchema = 1

    package var schemaVersion = currentSchema
    package var bundle: String
    package var version: String
    /// The digest of the bundle's `index.json`.
    package var index: Digest
    /// `nil` where the bundle was installed onto a Kubernetes that was there.
    package var kubernetes: String?
    package var isMultiNode: Bool
    package var nodeAddress: String?
    /// Whether we made a dummy interface, since the host had no address of its own.
    package var hasDummyRoute: Bool
    /// How to reach a Kubernetes that was there.
    package var kubeconfig: String?
    package var kubectl: String?
    package var socket: String
    package var namespace: String
    /// Every object that was applied, by stage, in the order in which it was applied.
    package var objects: [StageObjects]
    /// Folders on the host that hold the platform's data: those of its PersistentVolumes.
    package var dataPaths: [String]
    package var waived: [String]

    /// What one stage put into Kubernetes.
    package struct StageObjects: Hashable, Sendable, Codable {
        package var stage: String
        package var objects: [ObjectReference]
        /// What the stage had before an upgrade that is under way, and has no more.
        package var earlier: [ObjectReference]?
    }

    /// The record at `path`; `nil` where nothing was installed.
    package static func read(_ path: FilePath) throws -> InstalledRecord? {
        guard let bytes = try StateFile.read(path) else { return nil }
        let record: InstalledRecord = try decodeJSON(bytes, as: "the record of what is installed, \(path),")
        guard record.schemaVersion == currentSchema else {
            throw Malformed(
                "record of what is installed", String(record.schemaVersion),
                breaks: "this Sealift reads schema \(currentSchema); use the installer that came with the bundle")
        }
        return record
    }

    /// Writes the record, durably.
    package func write(to path: FilePath) throws {
        try DurableFile.write(try encodeJSON(self), to: path)
    }
}
