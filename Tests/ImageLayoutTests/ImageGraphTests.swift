import FoundationEssentials
import ImageLayout
import OCI
import TestSupport
import Testing

@Suite struct ImageGraphTests {
    private func graph(_ image: TestImage, _ platforms: [Platform] = [.linuxAMD64]) throws -> ImageGraph {
        var graph = ImageGraph(platforms: platforms)
        try graph.add(image.root) { Data(image.bytes(of: $0)) }
        return graph
    }

    @Test(arguments: TestImage.Format.allCases)
    func takesOnlyTheChosenPlatformsOfAnIndex(_ format: TestImage.Format) throws {
        let arm = Platform(os: "linux", architecture: "arm", variant: "v7")
        let image = try TestImage(format: format, platforms: [.linuxARM64, arm, .linuxAMD64])
        let graph = try graph(image, [.linuxAMD64, .linuxARM64])
        let images = try #require(graph.entries.first?.images)
        #expect(images.map(\.platform) == [.linuxAMD64, .linuxARM64])
        #expect(images.map(\.manifest.descriptor) == [image.manifests[2], image.manifests[0]].map(\.descriptor))
        // The index, and a manifest and a config for each platform; the first layer is shared.
        #expect(graph.documents.count == 5)
        #expect(graph.layers.count == 3)
        #expect(graph.documents[image.manifests[1].descriptor.digest] == nil)
        for (digest, document) in graph.documents { #expect(image.blobs[digest] == document.bytes) }
    }

    @Test func loadsEveryDocumentOnce() throws {
        let image = try TestImage()
        var graph = ImageGraph(platforms: [.linuxAMD64])
        var loaded: [Digest] = []
        for _ in 0..<2 {
            try graph.add(image.root) {
                loaded.append($0.digest)
                return Data(image.bytes(of: $0))
            }
        }
        #expect(loaded.count == 2)
        #expect(graph.entries.count == 2)
    }

    @Test(arguments: [[Platform.linuxARM64], [.linuxARM64, .linuxAMD64]])
    func refusesAPlatformThatIsMissing(_ offered: [Platform]) throws {
        let image = try TestImage(platforms: offered)
        let wanted = Platform(os: "linux", architecture: "s390x")
        let error = #expect(throws: GraphError.self) { try graph(image, [wanted]) }
        let text = error.map { "\($0)" } ?? ""
        #expect(
            text.contains("no manifest for linux/s390x, only for \(offered.map(\.description).joined(separator: ", "))")
        )
    }

    @Test(arguments: [MediaType.ociConfig, .ociLayerGzip, .dockerSchema1, MediaType(rawValue: "text/plain")])
    func refusesWhatIsNoImage(_ mediaType: MediaType) throws {
        var graph = ImageGraph(platforms: [.linuxAMD64])
        let descriptor = Descriptor(mediaType: mediaType, digest: .of(Data("x".utf8)), size: 1)
        let error = #expect(throws: GraphError.self) { try graph.add(descriptor) { _ in Data("x".utf8) } }
        #expect(error.map { "\($0)" }?.contains("is no container image but \(mediaType)") == true)
    }

    @Test func refusesAnArtifactThatUsesTheManifestsForm() throws {
        let empty = Descriptor(
            mediaType: MediaType(rawValue: "application/vnd.oci.empty.v1+json"), digest: .of(Data("{}".utf8)), size: 2)
        let document = try Document(
            encoding: Manifest(mediaType: .ociManifest, config: empty, layers: []), mediaType: .ociManifest)
        var graph = ImageGraph(platforms: [.linuxAMD64])
        #expect(throws: GraphError.self) { try graph.add(document.descriptor) { _ in document.bytes } }
    }

    @Test func refusesAConfigWithAnotherNumberOfLayers() throws {
        let image = try TestImage()
        var manifest = image.manifests[0].value
        manifest.layers.removeLast()
        let document = try Document(encoding: manifest, mediaType: .ociManifest)
        var graph = ImageGraph(platforms: [.linuxAMD64])
        let error = #expect(throws: GraphError.self) {
            try graph.add(document.descriptor) {
                $0.digest == document.descriptor.digest ? document.bytes : Data(image.bytes(of: $0))
            }
        }
        #expect(error.map { "\($0)" }?.contains("lists 1 layers, its config 2") == true)
    }

    @Test func refusesContentThatDiffers() throws {
        let image = try TestImage()
        var graph = ImageGraph(platforms: [.linuxAMD64])
        let error = #expect(throws: GraphError.self) {
            try graph.add(image.root) { Data(image.bytes(of: $0)) + Data(" ".utf8) }
        }
        #expect(error.map { "\($0)" }?.contains("the content of \(image.root.digest) has the digest") == true)
    }

    @Test func refusesOneDigestWithTwoSizes() throws {
        let image = try TestImage()
        var graph = try graph(image)
        for var descriptor in [image.root, image.manifests[0].value.config] {
            descriptor.size += 1
            #expect(throws: GraphError.self) { try graph.addLayer(descriptor) }
        }
        var layer = image.largestLayer
        layer.size -= 1
        #expect(throws: GraphError.self) { try graph.addLayer(layer) }
        var root = image.root
        root.size += 1
        #expect(throws: GraphError.self) { try graph.add(root) { Data(image.bytes(of: $0)) } }
    }

    @Test func refusesToLoadAnEnormousDocument() throws {
        var root = try TestImage().root
        root.size = ImageGraph.documentLimit + 1
        var graph = ImageGraph(platforms: [.linuxAMD64])
        var loads = 0
        #expect(throws: GraphError.self) {
            try graph.add(root) { _ in
                loads += 1
                return Data()
            }
        }
        #expect(loads == 0)
    }
}
