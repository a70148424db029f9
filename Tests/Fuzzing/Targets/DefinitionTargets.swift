import BundleFormat
import Definition
import Discovery

extension FuzzTarget {
    /// A bundle's definition, in a folder with one manifest.
    static let definition = FuzzTarget("definition") { input in
        let folder = ScratchFolder()
        folder.write(Array("kind: Pod\nspec: {containers: [{image: busybox:1.36}]}\n".utf8), to: "pod.yaml")
        folder.write(input, to: BundleDefinition.fileName)
        guard let definition = accepted({ try BundleDefinition(at: folder.path) }) else { return }
        try hold(!definition.stages.isEmpty && !definition.platforms.isEmpty, "a bundle has stages and platforms")
        for file in definition.manifestsAndChecks {
            let parts = file.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            try hold(
                parts.first?.isEmpty == false && !parts.contains { $0.elementsEqual("..".utf8) },
                "no path leads out of the folder")
        }
        _ = accepted { try discover(in: definition, values: try definition.values()) }
    }

    /// A manifest as vendors ship them: it is searched for images, and for what can't work without a network.
    static let manifest = FuzzTarget("manifest") { input in
        let folder = ScratchFolder()
        folder.write(Array(plainDefinition.utf8), to: BundleDefinition.fileName)
        folder.write(input, to: "pod.yaml")
        guard let definition = accepted({ try BundleDefinition(at: folder.path) }) else {
            throw BrokenRule(description: "the definition of this target is sound")
        }
        let found = accepted { try discover(in: definition, values: try definition.values()) }
        for image in found?.images ?? [] {
            try hold(!image.origins.isEmpty, "each image has a place that asks for it")
        }
    }

    private static let plainDefinition = """
        apiVersion: sealift/v1
        kind: Bundle
        metadata: {name: fuzz, version: 1.0.0}
        platforms: [linux/amd64]
        parameters:
          - {name: replicas, type: integer, default: 3}
          - {name: dataDir, type: path, default: /var/lib/data}
        stages:
          - {name: one, manifests: [pod.yaml]}
        """

    /// An images.lock.
    static let lock = FuzzTarget("lock") { input in
        guard let lock = accepted({ try ImagesLock(text: text(input), file: "images.lock") }) else { return }
        let written = lock.encoded()
        let again = accepted { try ImagesLock(text: written, file: "images.lock") }
        try hold(again == lock, "a lock reads back as it was written")
        try hold(again?.encoded() == written, "equal locks give equal bytes")
    }
}
