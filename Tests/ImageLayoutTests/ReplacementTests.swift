import FoundationEssentials
import ImageLayout
import OCI
import TestSupport
import Testing

@Suite struct ReplacementTests {
    private func new(_ text: String) -> Descriptor {
        Descriptor(mediaType: .ociLayerZstd, digest: .of(Data(text.utf8)), size: Int64(text.utf8.count))
    }

    private func rewritten(
        _ bytes: Data, _ mediaType: MediaType, _ list: [Replacement]
    ) throws -> (text: String, manifest: Manifest)? {
        guard let new = try Replacements(list).rewritten(bytes, as: mediaType) else { return nil }
        #expect(try Replacements(list).turn(bytes, as: mediaType, into: new))
        return (String(decoding: new, as: UTF8.self), try Document<Manifest>(bytes: new, mediaType: .ociManifest).value)
    }

    @Test func turnsDockersManifestIntoOCIs() throws {
        let image = try TestImage(format: .docker, layers: [2000, 5000])
        let (old, bytes) = (image.manifests[0].value, image.manifests[0].bytes)
        let list = [Replacement(of: old.layers[0], by: new("a")), Replacement(of: old.layers[1], by: new("b"))]
        let found = try #require(try rewritten(bytes, .dockerManifest, list)).manifest
        #expect(found.mediaType == .ociManifest && found.layers == [new("a"), new("b")])
        #expect(found.config.mediaType == .ociConfig)
        #expect(found.config.digest == old.config.digest && found.config.size == old.config.size)
    }

    @Test func keepsAllButTheDescriptorsThatHadToChange() throws {
        let digests = (0..<5).map { Digest.of(Data("layer \($0)".utf8)) }
        let rich = #","annotations":{"n":"1"},"data":"eA==","urls":["x"],"x":[1.5,true,null]"#
        func layer(_ index: Int, _ type: String, _ more: String = "") -> String {
            #"{"digest":"\#(digests[index])","mediaType":"application/vnd.\#(type)","size":7\#(more)}"#
        }
        let kept = [
            layer(1, "oci.image.layer.v1.tar+zstd"),
            layer(0, "oci.image.layer.nondistributable.v1.tar+gzip", #","urls":["x"]"#),
            layer(3, "oci.image.layer.v1.tar+gzip+encrypted"),
        ]
        func text(_ first: String, _ last: String) -> String {
            let config = #"{"digest":"\#(digests[4])","mediaType":"\#(MediaType.ociConfig)","size":3}"#
            let layers = ([first] + kept + [last]).joined(separator: ",")
            return #"{"annotations":{"a":"é/\u0001"},"config":\#(config),"layers":[\#(layers)],"#
                + #""mediaType":"\#(MediaType.ociManifest)","schemaVersion":2,"subject":{"digest":"\#(digests[0])"}}"#
        }
        let old = text(
            layer(0, "oci.image.layer.v1.tar+gzip", rich), layer(2, "oci.image.layer.v1.tar"))
        let list = digests.enumerated().map {
            Replacement(of: Descriptor(mediaType: .ociLayerGzip, digest: $1, size: 7), by: new("new \($0)"))
        }
        let found = try #require(try rewritten(Data(old.utf8), .ociManifest, list)).text
        func replaced(_ index: Int) -> String {
            #""digest":"\#(new("new \(index)").digest)","mediaType":"\#(MediaType.ociLayerZstd.rawValue)","size":5"#
        }
        #expect(
            found
                == text(#"{"annotations":{"n":"1"},\#(replaced(0)),"x":[1.5,true,null]}"#, "{\(replaced(2))}"))
    }

    @Test func leavesADocumentAloneThatLeadsToNothingNew() throws {
        let image = try TestImage(format: .docker, platforms: [.linuxAMD64, .linuxARM64])
        let other = [Replacement(of: new("x"), by: new("y"))]
        #expect(try Replacements(other).rewritten(image.manifests[0].bytes, as: .dockerManifest) == nil)
        #expect(try Replacements(other).rewritten(Data(image.bytes(of: image.root)), as: .dockerManifestList) == nil)
        #expect(throws: Malformed.self) { try Replacements(other).rewritten(Data("{".utf8), as: .ociIndex) }
    }

    @Test(arguments: [[0], [0, 1]]) func changesTheChosenPlatformsOfAnIndex(_ chosen: [Int]) throws {
        let image = try TestImage(format: .docker, platforms: [.linuxAMD64, .linuxARM64])
        let list = chosen.map { position in
            var manifest = new("manifest \(position)")
            manifest.mediaType = .ociManifest
            return Replacement(of: image.manifests[position].descriptor, by: manifest)
        }
        let bytes = Data(image.bytes(of: image.root))
        let found = try #require(try Replacements(list).rewritten(bytes, as: .dockerManifestList))
        let index = try Document<ImageIndex>(bytes: found, mediaType: .ociIndex).value
        let old = try Document<ImageIndex>(bytes: bytes, mediaType: .dockerManifestList).value
        #expect(index.manifests.map(\.platform) == [.linuxAMD64, .linuxARM64])
        for (position, child) in index.manifests.enumerated() {
            let isChosen = chosen.contains(position)
            #expect(child.bare == (isChosen ? list[position].replacement : old.manifests[position].bare))
        }
    }
}
