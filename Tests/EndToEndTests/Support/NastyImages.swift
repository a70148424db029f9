import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// Images whose layers are as bad as tar allows, each as an archive that `ctr` imports and as a bundle of its own.
struct NastyImages: Sendable {
    /// One of them, and what is expected of whoever unpacks it.
    struct Image: Decodable, Sendable {
        var name: String
        /// The names of its layers' snapshots, from the lowest.
        var chains: [String]
        /// The number of the layer that no containerd takes.
        var refused: Int?
        /// For each layer, whether it may be left to containerd.
        var fallback: [Bool]
    }

    /// An image, the archive of its layout, and its bundle.
    struct Packed: Sendable {
        var image: Image
        var layout: FilePath
        var archive: FilePath
    }

    let images: [Packed]
    /// They hold the files.
    private let places: [Workplace]

    static let scripts = FilePath("\(#filePath)").removingLastComponent().removingLastComponent()
        .removingLastComponent().appending("TestSupport/Scripts")

    /// All of them; made once.
    static let all = Task { try await NastyImages() }

    private init() async throws {
        let place = try Workplace(SampleBundle(images: []))
        let folder = place.file("nasty")
        let maker = Self.scripts.appending("nasty-images.py").string
        let made = try await place.run(["/usr/bin/python3", maker, folder.string])
        try #require(made.code == 0, "\(made.transcript)")
        let list = Data(try contents(of: folder.appending("images.json")))
        var places = [place]
        var images: [Packed] = []
        for image in try JSONDecoder().decode([Image].self, from: list) {
            let layout = folder.appending("\(image.name).tar")
            let open = folder.appending(image.name)
            let extracted = try await place.shell(
                "mkdir \"$1\" && tar -xf \"$2\" -C \"$1\"", open.string, layout.string)
            try #require(extracted.code == 0, "\(extracted.transcript)")
            let bundle = try await PackedBundle(
                SampleBundle(
                    name: image.name,
                    images: [
                        .init(
                            written: "nasty/\(image.name):1.0", repository: "nasty/\(image.name)", tag: "1.0",
                            image: try TestImage(layout: open))
                    ]))
            places.append(bundle.place)
            images.append(Packed(image: image, layout: layout, archive: bundle.archive))
        }
        self.images = images
        self.places = places
    }
}
