import BundleFormat
import FoundationEssentials
import OCI
import Packages
import SystemPackage
import TestSupport
import Testing

private let validator = ProcessInfo.processInfo.environment["SEALIFT_CYCLONEDX_VALIDATE"]

@Suite struct BillTests {
    /// A layer with packages of every kind, as odd as they come.
    private func layer(_ system: String) async -> LayerPackages {
        let texts = [
            ("etc/os-release", system),
            (
                "var/lib/dpkg/status",
                "Package: libc++1\nVersion: 1:2.3~rc1+b2-4\nArchitecture: amd64\nSource: llvm (3)\n"
            ),
            ("lib/apk/db/installed", "P:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT AND (ISC OR \"odd\\one\")\n"),
            ("x/Some_Package.dist-info/METADATA", "Name: Some_Package\nVersion: 1.0\n"),
            ("node_modules/@babel/core/package.json", #"{"name":"@babel/core","version":"7.0.0"}"#),
            ("node_modules/b/node_modules/@babel/core/package.json", #"{"name":"@babel/core","version":"7.0.0"}"#),
            ("node_modules/odd/package.json", #"{"name":"odd\u0007 näme","version":"^1?&#"}"#),
            ("opt/lib-1.5.jar", "no archive"),
        ]
        return await scan(texts.flatMap { TarForm.member($0.0, Array($0.1.utf8)) } + TarForm.end)
    }

    private func sample() async throws -> SampleBill {
        try SampleBill(
            layers: [
                [await layer("ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian 12\"\n"), nil],
                [await layer("ID=opensuse-leap\n")], [LayerPackages(), await layer("no ID")],
            ], names: ["docker.io/library/sample:1", "registry.example:5000/team/sample:latest"])
    }

    @Test func beginsWithTheDigestOfTheIndex() async throws {
        let sample = try await sample()
        let opening = BillOfMaterialsOpening.opening(index: sample.index)
        #expect(sample.encoded.starts(with: opening))
        #expect(sample.encoded.last == 0x0A)
        let text = String(decoding: opening, as: UTF8.self)
        #expect(text.hasPrefix(#"{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:"#))
        #expect(text.hasSuffix(#"","version":1,"metadata":{"component":{"bom-ref":"\#(sample.index)""#))
        let other = try Digest(parsing: "sha256:\(String(repeating: "f", count: 64))")
        #expect(
            String(decoding: BillOfMaterialsOpening.opening(index: other), as: UTF8.self)
                .contains("urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff"))
    }

    @Test func isTheSameEveryTime() async throws {
        let first = try await sample().encoded
        for _ in 0..<5 { #expect(try await sample().encoded == first) }
        // What was kept by a layer's digest is as good as what was just found.
        let found = await layer("ID=a")
        let kept = try JSONDecoder().decode(LayerPackages.self, from: JSONEncoder().encode(found))
        #expect(kept == found)
    }

    @Test func namesImagesAndPackages() async throws {
        let bill = try await sample().document()
        #expect(bill.components.map(\.type) == ["container", "container", "container", "file"])
        let image = try #require(bill.components.first)
        #expect(image.name == "docker.io/library/sample")
        #expect(image.values(of: "sealift:name").count == 4)
        #expect(image.values(of: "sealift:platform") == ["linux/amd64"])
        #expect(image.values(of: "sealift:layer").count == 2)
        #expect(image.values(of: "sealift:unread").first == "opt/lib-1.5.jar: it is no zip archive")
        #expect(image.purl?.hasPrefix("pkg:oci/sample@sha256:") == true)
        #expect(image.purl?.hasSuffix("?arch=amd64&repository_url=docker.io%2Flibrary%2Fsample&tag=1") == true)
        let packages = try #require(image.components)
        #expect(
            packages.map { $0.purl ?? $0.name } == [
                "debian",
                "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12",
                "pkg:deb/debian/libc%2B%2B1@1:2.3~rc1%2Bb2-4?arch=amd64&distro=debian-12", "lib",
                "pkg:npm/odd%07%20n%C3%A4me@%5E1%3F%26%23", "pkg:npm/%40babel/core@7.0.0",
                "pkg:pypi/some-package@1.0",
            ])
        let babel = try #require(packages.first { $0.group == "@babel" })
        #expect(babel.evidence?.occurrences.count == 2)
        // Without a distribution nobody knows whose package it is.
        #expect(bill.components[2].components?.first { $0.name == "musl" }?.purl == nil)
    }

    @Test(.enabled(if: validator != nil, "needs $SEALIFT_CYCLONEDX_VALIDATE; see scripts/fetch-test-parts"))
    func fitsTheSchema() async throws {
        let program = try #require(validator)
        let folder = TemporaryDirectory()
        let bill = try await sample().encoded
        try write(bill, to: folder.file("bill.json"))
        #expect(try await Program.run("env", [program, folder.file("bill.json").string]) == "")
        let wrong = String(decoding: bill, as: UTF8.self).replacing("\"type\":\"container\"", with: "\"type\":\"ship\"")
        try write(wrong.utf8, to: folder.file("wrong.json"))
        #expect(try await Program.run("env", [program, folder.file("wrong.json").string]).hasPrefix("schema: "))
    }
}
