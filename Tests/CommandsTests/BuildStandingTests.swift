import BundleBuilder
import OCI
import Testing

@testable import BuilderCommands

@Suite struct BuildStandingTests {
    private func blob(_ digit: Character, size: Int64) throws -> Descriptor {
        Descriptor(
            mediaType: .ociLayerGzip, digest: try Digest(algorithm: .sha256, hex: String(repeating: digit, count: 64)),
            size: size)
    }

    @Test func showsALineForEachBlobThatComesIn() throws {
        var standing = BuildStanding(toFetch: 3_000_000, toPack: 4_000_000)
        let first = try blob("a", size: 2_000_000)
        let second = try blob("b", size: 1_000_000)
        standing.take(.fetching(first, of: "app:1"))
        standing.take(.fetching(second, of: "base:2"))
        standing.take(.received(first, 500_000))
        standing.take(.packed(400_000))
        #expect(
            standing.lines(elapsed: 2, columns: 120) == [
                "  aaaaaaaaaaaa   25% of 2.00 MB  app:1",
                "  bbbbbbbbbbbb    0% of 1.00 MB  base:2",
                "packed 400 kB of 4.00 MB  fetched 500 kB of 3.00 MB  250 kB/s  10s left",
            ])
        standing.take(.fetched(first))
        #expect(standing.transfers.map(\.name) == ["base:2"])
    }

    @Test func countsBackWhatIsFetchedAgain() throws {
        var standing = BuildStanding(toFetch: 10, toPack: 10)
        let one = try blob("a", size: 10)
        standing.take(.fetching(one, of: "x"))
        standing.take(.received(one, 8))
        standing.take(.received(one, -8))
        standing.take(.received(one, 3))
        #expect(standing.fetched == 3)
        #expect(standing.transfers.first?.done == 3)
    }

    @Test func fitsNarrowTerminals() throws {
        var standing = BuildStanding(toFetch: 10, toPack: 10)
        standing.take(.fetching(try blob("a", size: 10), of: String(repeating: "long", count: 50)))
        #expect(standing.lines(elapsed: 0, columns: 40).allSatisfy { $0.count <= 39 })
    }

    @Test func keepsShareAndNameWhereThereIsLittleRoom() throws {
        var standing = BuildStanding(toFetch: 3_000_000, toPack: 4_000_000)
        standing.take(.fetching(try blob("a", size: 2_000_000), of: "registry.example/component:1.23.2"))
        standing.take(.received(try blob("a", size: 2_000_000), 500_000))
        #expect(
            standing.lines(elapsed: 2, columns: 60) == [
                "  aaaaaaaaaaaa   25% of 2.00 MB  registry.e…omponent:1.23.2",
                "packed 0 B of 4.00 MB  fetched 500 kB of 3.00 MB  10s left",
            ])
        #expect(
            standing.lines(elapsed: 2, columns: 40) == [
                "   25%  registry.exa…e/component:1.23.2", "fetched 500 kB of 3.00 MB  10s left",
            ])
        #expect(
            standing.lines(elapsed: 2, columns: 20) == ["   25%  regi…1.23.2", "fetched 500 kB of…"])
    }
}
