import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage
import Testing

/// Damaged input is refused or read, never a trap: whatever is in a file, the program stays in charge.
@Suite struct MutationTests {
    /// A fixed sequence, so that a failure can be repeated.
    private struct Sequence: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let pieces = [
        "\n", " ", "  - ", ": ", "{", "}", "[", "]", "\"", "'", "#", "&a ", "*a", "<<: ", "|\n", "!x ", "---\n", "${{",
        "}}", "$",
        "\t", "\u{0}", "é", "image: a:1\n", "containers: [", "null", "\r\n", "%", "@", "\\", "?", "latest", "../",
    ]

    private func damaged(_ text: String, _ random: inout Sequence) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<scalars.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: scalars.remove(at: place)
            case 1: scalars.removeSubrange(place..<min(scalars.count, place + 40))
            default:
                scalars.insert(contentsOf: (Self.pieces.randomElement(using: &random) ?? "").unicodeScalars, at: place)
            }
            if scalars.isEmpty { scalars = ["x"] }
        }
        var result = ""
        result.unicodeScalars.append(contentsOf: scalars)
        return result
    }

    @Test func aDamagedManifestIsReadOrRefused() throws {
        let bundle = repositoryRoot.appending("bundles/hello")
        let manifest = try readText(at: bundle.appending("manifests/web.yaml"))
        let more = "parameters: [{name: message, default: x}, {name: replicas, type: integer, default: 1}]\n"
        var random = Sequence(state: 1)
        var (read, refused) = (0, 0)
        for _ in 0..<300 {
            do {
                _ = try discovered(damaged(manifest, &random), more: more)
                read += 1
            } catch is DefinitionError { refused += 1 }
        }
        #expect(read > 0 && refused > 0)
    }

    @Test func aDamagedDefinitionIsReadOrRefused() throws {
        let text = try readText(at: repositoryRoot.appending("bundles/infometis/bundle.yaml"))
        var random = Sequence(state: 2)
        for _ in 0..<200 {
            let damaged = damaged(text, &random)
            try withFolder(["bundle.yaml": damaged, "k0s.yaml": ""]) { folder in
                // Most of its files are not there: any refusal will do.
                _ = try? BundleDefinition(at: folder)
            }
        }
    }

    @Test func aDamagedLockIsReadAsWhatItSaysOrRefused() throws {
        let text = try readText(at: repositoryRoot.appending(ImagesLock.fileName))
        let start =
            String(text.prefix(3000).split(separator: "\n").dropLast(8).joined(separator: "\n")) + "\nfiles: []\n"
        var random = Sequence(state: 3)
        for _ in 0..<300 {
            // Refusing is right for most of them.
            guard let lock = try? ImagesLock(text: damaged(start, &random), file: "images.lock") else { continue }
            #expect(try ImagesLock(text: lock.encoded(), file: "images.lock") == lock)
        }
    }
}
