import Definition
import Testing

@Suite struct RenderingTests {
    @Test func everyProfileFillsEveryPlaceholder() throws {
        let profiles = try RenderedPlatform().definition.profiles.keys
        for profile in [nil] + profiles.map(Optional.some) {
            let platform = try RenderedPlatform(profile: profile)
            #expect(!platform.objects.isEmpty)
            for file in platform.files { #expect(!file.text.contains("${{"), "\(file.path)") }
        }
    }
}
