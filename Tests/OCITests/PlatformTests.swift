import FoundationEssentials
import OCI
import Testing

@Suite struct PlatformTests {
    @Test(arguments: [
        ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/x86-64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"), ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/v3", "linux/amd64/v3"),
        ("linux/arm64", "linux/arm64"), ("linux/aarch64", "linux/arm64"), ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"), ("linux/arm64/v9", "linux/arm64/v9"), ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"), ("linux/armel", "linux/arm/v6"), ("linux/arm/v6", "linux/arm/v6"),
        ("linux/arm/6", "linux/arm/v6"), ("linux/i386", "linux/386"), ("macos/arm64", "darwin/arm64"),
        ("linux/s390x", "linux/s390x"), ("windows/amd64", "windows/amd64"),
    ]) func normalises(_ written: String, _ expected: String) throws {
        let platform = try Platform(parsing: written)
        #expect(platform.description == expected)
        #expect(try Platform(parsing: expected) == platform)
    }

    @Test(arguments: [
        "", "linux", "linux/", "/amd64", "linux/amd64/", "linux//v8", "a/b/c/d", "linux/amd 64", "linux/ämd64",
    ])
    func refuses(_ written: String) {
        let error = #expect(throws: Malformed.self) { try Platform(parsing: written) }
        #expect(error?.rule.contains("OS/ARCHITECTURE") == true)
    }

    @Test func isCodedAsTheObjectOfAnIndex() throws {
        let json = Data(#"{"architecture":"aarch64","os":"linux","variant":"v8"}"#.utf8)
        let platform = try JSONDecoder().decode(Platform.self, from: json)
        #expect(platform == .linuxARM64)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(
            String(decoding: try encoder.encode(platform), as: UTF8.self) == #"{"architecture":"arm64","os":"linux"}"#)
    }
}
