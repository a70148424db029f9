import BundleFormat
import FoundationEssentials
import NodeImages
import OCI
import SystemPackage
import TestSupport
import Threads

/// What the tests import: three images on one base that runs, one of them for two platforms.
enum Samples {
    static let app = "docker.io/library/app:1.0"
    static let db = "registry.example/team/db:2"
    static let web = "registry.example/web:3"

    /// - Parameters:
    ///   - bytes: the size of each image's own layers, together.
    ///   - isPlain: whether these are made fast and small in the archive; otherwise they are sent in many pieces.
    ///   - seed: what those layers are made of.
    ///   - version: the bundle's.
    /// - Returns: the bundle, not written yet.
    /// - Throws: where there is no busybox.
    static func bundle(bytes: Int = 30_000, isPlain: Bool = true, seed: UInt64 = 1, version: String = "1.0.0") throws
        -> NodeBundle
    {
        let base = [(name: "bin/busybox", bytes: try contents(of: "/bin/busybox"))]
        func image(_ format: TestImage.Format, _ platforms: [Platform], _ number: UInt64) throws -> TestImage {
            try TestImage(
                format: format, platforms: platforms, layers: [0, bytes / 3, bytes * 2 / 3], seed: seed * 10 + number,
                base: base, isPlain: isPlain)
        }
        return NodeBundle(
            [
                .init(reference: app, image: try image(.oci, [.linuxAMD64, .linuxARM64], 1)),
                .init(reference: db, image: try image(.docker, [.linuxAMD64], 2)),
                .init(reference: web, image: try image(.oci, [.linuxAMD64], 3)),
            ], version: version)
    }
}

/// Why an import has left layers to containerd.
final class Told: Sendable {
    private let lines = Lock<[String]>([])
    /// `DIGEST: REASON`, or `all: REASON`.
    var reasons: [String] { lines.withLock { $0 } }

    @Sendable func take(_ event: ImageImport.Event) {
        switch event {
        case .leftToContainerd(let layer, let reason): lines.withLock { $0.append("\(layer.digest): \(reason)") }
        case .allLeftToContainerd(let reason): lines.withLock { $0.append("all: \(reason)") }
        default: break
        }
    }
}

extension PrivateContainerd {
    var options: NodeOptions { NodeOptions(socket: socket, platform: .linuxAMD64) }

    func job(
        _ bundle: BundleReader, unpacks: Bool = true, unpacker: ImageImport.Unpacker = .auto
    ) -> ImageImport {
        ImageImport(
            bundle,
            .init(
                node: options, unpacks: unpacks, unpacker: unpacker, workers: ImageImport.Options.workers(cores: 2)))
    }

    @discardableResult
    func importAll(_ bundle: BundleReader, unpacks: Bool = true) async throws -> ImageImport.Outcome {
        try await job(bundle, unpacks: unpacks).run { _ in }
    }

    func inventory(_ bundle: BundleReader) async throws -> Inventory {
        try await Inventory.take(of: bundle, on: options, expectsUnpacked: true)
    }

    /// Everything that is wrong with the images of `bundle`.
    func faults(_ bundle: BundleReader) async throws -> [String] {
        let inventory = try await inventory(bundle)
        return inventory.images.flatMap { inventory.faults(of: $0) }
    }

    /// What an import must not leave behind: leases, started blobs, half-unpacked layers.
    func leftovers() async throws -> [String] {
        let leases = try await lines(["leases", "ls", "-q"])
        let ingests = try await lines(["content", "active"]).dropFirst()
        let snapshots = try await lines(["snapshots", "ls"]).dropFirst().filter { !$0.contains("Committed") }
        return leases + ingests + snapshots
    }

    /// Names that point to content which is not all there, by containerd's own check.
    func incompleteNames() async throws -> [String] {
        try await lines(["images", "check"]).dropFirst().filter { !$0.contains(" complete") }
    }
}
