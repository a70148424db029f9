import BundleFormat
import FoundationEssentials
import HostileBundles
import ImageLayout
import OCI
import TestSupport
import Testing

/// Bundles whose layers are not the registry's: that they say so is believed only where it can be seen.
@Suite struct ReplacementTests {
    /// The sample with its last image encoded anew.
    private static func encode(_ parts: inout SampleBundle.Parts) throws {
        let old = parts.images[2].image
        let new = try TestImage(layers: [2000, 700, 400_000], seed: 3, isZstd: true)
        parts.images[2].image = new
        let layers = zip(old.manifests[0].value.layers, new.manifests[0].value.layers)
        parts.replacements = layers.map { Replacement(of: $0, by: $1) } + [Replacement(of: old.root, by: new.root)]
        parts.originals = [old.manifests[0].bytes]
        parts.originalRoots = [parts.images[2].reference: old.root.digest]
    }

    private func complaint(_ change: (inout SampleBundle.Parts) throws -> Void) async throws -> String {
        let folder = TemporaryDirectory()
        let sample = try SampleBundle {
            try Self.encode(&$0)
            try change(&$0)
        }
        try sample.write(to: folder.file("x"))
        return await HostileBundles.complaint(about: folder.file("x"))
    }

    @Test func areSoundAndShown() async throws {
        let folder = TemporaryDirectory()
        let sample = try SampleBundle(Self.encode)
        try sample.write(to: folder.file("x"))
        #expect(await HostileBundles.complaint(about: folder.file("x")) == "")
        let image = BundleSummary(of: try BundleReader(opening: folder.file("x"))).images[2]
        let old = try TestImage(layers: [2000, 700, 400_000], seed: 3)
        #expect(image.original == old.root.digest && image.names.count == 3)
        #expect(image.platforms[0].layers.map(\.original) == old.manifests[0].value.layers.map(\.digest))
        #expect(image.platforms[0].originalManifest == old.root.digest)
    }

    @Test func needTheirOriginals() async throws {
        #expect(try await complaint { $0.originals = [] }.contains("is missing"))
        #expect(try await complaint { $0.originals.append(Data("{}".utf8)) }.contains("nothing stands in the place"))
        let other = try TestImage(seed: 9)
        #expect(
            try await complaint {
                $0.originals = [other.manifests[0].bytes]
                $0.replacements[3].original = other.root
                $0.originalRoots = [$0.images[2].reference: other.root.digest]
            }.contains("is not what becomes of"))
    }

    @Test func needEveryLayerInItsPlace() async throws {
        #expect(try await complaint { $0.replacements.remove(at: 1) }.contains("is not what becomes of"))
        #expect(
            try await complaint { parts in
                let first = parts.replacements[0].replacement
                parts.replacements[0].replacement = parts.replacements[1].replacement
                parts.replacements[1].replacement = first
            }.contains("is not what becomes of"))
        // Which of the two that name the layer is looked at first depends on their digests.
        let size = try await complaint { $0.replacements[0].replacement.size += 1 }
        #expect(size.contains("no image has the layer") || size.contains("is not what becomes of"))
        #expect(
            try await complaint { $0.replacements[0].original.mediaType = .ociLayerZstd }
                .contains("no image has the layer"))
        #expect(try await complaint { $0.replacements.append($0.replacements[0]) }.contains("twice"))
        #expect(
            try await complaint { $0.replacements[3].original.mediaType = .ociConfig }.contains("can't be replaced"))
    }

    @Test func giveNoImageANameThatIsNotItsOwn() async throws {
        let stranger = Digest.of(Data("something else".utf8))
        #expect(
            try await complaint { $0.originalRoots[$0.images[2].reference] = stranger }
                .contains("does not stand in the place of"))
        #expect(
            try await complaint { $0.originalRoots[$0.images[1].reference] = $0.images[0].image.root.digest }
                .contains("does not stand in the place of"))
    }
}
