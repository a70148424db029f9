import FoundationEssentials
import OCI
import Packages
import TestSupport
import Testing

/// What an image of several layers holds, seen in its bill.
@Suite struct UnionTests {
    private func status(_ name: String) -> [UInt8] { Array("Package: \(name)\nVersion: 1\n".utf8) }

    private func jar(_ path: String) -> [UInt8] {
        TarForm.member(path, [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18))
    }

    /// The names of the packages, and what was not read, of an image with `layers`, the lowest first.
    private func image(_ layers: [[UInt8]]) async throws -> (packages: [String], unread: [String]) {
        var found: [LayerPackages] = []
        for layer in layers { found.append(await scan(layer + TarForm.end)) }
        let image = try #require(try SampleBill(layers: [found]).document().components.first)
        return (
            (image.components ?? []).filter { $0.type == "library" }.map(\.name),
            image.values(of: "sealift:unread")
        )
    }

    @Test func theHighestDatabaseCounts() async throws {
        let path = "var/lib/dpkg/status"
        let image = try await image([
            TarForm.member(path, status("old")), TarForm.member("etc/passwd"), TarForm.member(path, status("new")),
        ])
        #expect(image.packages == ["new"])
    }

    @Test func whiteoutsRemove() async throws {
        let low = ["a/x.jar", "a/b/y.jar", "c/z.jar", "c2/z2.jar", "d.jar"].flatMap(jar)
        #expect(try await image([low, TarForm.member("a/.wh.b")]).packages == ["d", "x", "z", "z2"])
        #expect(
            try await image([low, TarForm.member(".wh.c") + TarForm.member(".wh.d.jar")]).packages == ["x", "y", "z2"])
        #expect(try await image([low, TarForm.member("a/.wh..wh..opq")]).packages == ["d", "z", "z2"])
        #expect(try await image([low, TarForm.member(".wh..wh..opq")]).packages == [])
        // Only what lies below is hidden, whatever the order of the members.
        let same = jar("a/new.jar") + TarForm.member("a/.wh..wh..opq") + jar("a/newer.jar")
        #expect(try await image([low, same]).packages == ["d", "new", "newer", "z", "z2"])
        #expect(
            try await image([low, TarForm.member("a/.wh.b"), jar("a/b/y.jar")]).packages == ["d", "x", "y", "z", "z2"])
    }

    @Test func whatIsHiddenIsNotUnread() async throws {
        let broken = TarForm.member("opt/a.jar", [1, 2, 3])
        #expect(try await image([broken]).unread == ["opt/a.jar: it is no zip archive"])
        #expect(try await image([broken, TarForm.member(".wh.opt")]).unread == [])
        #expect(try await image([broken, jar("opt/a.jar")]).unread == [])
        let cut = try await image([broken + [1], jar("opt/a.jar")])
        #expect(cut.unread.count == 1)
        #expect(cut.unread.first?.hasPrefix("layer sha256:") == true)
    }

    @Test func saysWhichLayersNobodyLookedThrough() async throws {
        let bill = try SampleBill(layers: [[LayerPackages(), nil]])
        let image = try #require(try bill.document().components.first)
        #expect(
            image.values(of: "sealift:unread") == [
                "layer \(bill.digest(of: 0, layer: 1)): the layer was not looked through"
            ])
    }
}
