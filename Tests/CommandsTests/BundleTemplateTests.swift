import Definition
import DefinitionTestSupport
import Discovery
import OCI
import Testing

@testable import BuilderCommands

@Suite struct BundleTemplateTests {
    private func discovery(_ template: BundleTemplate) throws -> ImageDiscovery {
        let files = Dictionary(template.files.map { ($0.path, $0.text) }) { first, _ in first }
        return try withFolder(files) { folder in
            let definition = try BundleDefinition(at: folder)
            return try discover(in: definition, values: definition.values())
        }
    }

    @Test(arguments: ["demo", "a1", String(repeating: "a", count: 50)])
    func theExampleHasNothingToComplainOf(name: String) throws {
        let found = try discovery(BundleTemplate(name: name, manifest: nil, platform: "linux/amd64"))
        #expect(found.images.map(\.reference.description) == ["docker.io/library/busybox:1.36.1"])
        #expect(found.findings.isEmpty && found.unconfirmed.isEmpty && found.warnings.isEmpty)
    }

    @Test func takesAManifestThatIsThere() throws {
        let manifest = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: \"quay.io/a/b:1\"}]}\n"
        let template = BundleTemplate(name: "demo", manifest: manifest, platform: "linux/arm64")
        #expect(!template.files.contains { $0.path.hasPrefix("checks/") })
        #expect(try discovery(template).images.map(\.reference.description) == ["quay.io/a/b:1"])
    }
}
