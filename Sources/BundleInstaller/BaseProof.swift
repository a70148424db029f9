internal import BundleFormat
internal import Cluster
internal import NodeImages
internal import OCI
internal import SystemPackage
internal import Threads

/// Looks for everything that a delta leaves to its base, before anything is changed; once per bundle, since later what
/// runs containerd may be stopped for a while. The import looks again.
struct BaseProof {
    static let step = "base"
    private let bundle: BundleReader
    private let label: String
    /// `nil` where nothing was installed before.
    private let node: NodeOptions?
    private let program: FilePath
    let inputs: Digest

    var title: String { "find what \(label) has brought" }

    /// `nil` for a bundle that has everything.
    init?(of bundle: BundleReader, on node: NodeOptions?, program: FilePath) {
        guard let base = bundle.description.base, !bundle.leftOut.isEmpty else { return nil }
        self.bundle = bundle
        self.node = node
        self.program = program
        label = base.label
        inputs = Step.inputs([bundle.index.descriptor.digest.description])
    }

    /// Throws ``InstallError/noBase(label:reason:)`` where nothing is installed, or another k0s than the base has.
    func findProgram() async throws {
        guard node != nil else { throw InstallError.noBase(label: label, reason: "nothing is installed here") }
        guard let wanted = bundle.leftOut.programs[Platform.current.description] else { return }
        let found = try await onThread("base") { [program] in try StateFile.digest(of: program) }
        guard found == wanted.digest else {
            throw InstallError.noBase(
                label: label, reason: found == nil ? "\(program) is not there" : "\(program) is another version")
        }
    }

    /// Asks the node's containerd; throws `NodeImagesError` or `ContainerdError` where something is missing or can't be
    /// looked for.
    func findImages() async throws {
        guard let node else { return }
        _ = try await ImageImport(bundle, .init(node: node, workers: 1)).plan()
    }
}
