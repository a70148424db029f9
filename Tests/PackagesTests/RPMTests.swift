import FoundationEssentials
import Packages
import SystemPackage
import TestSupport
import Testing

/// Whether rpm can make packages and databases here, and Berkeley DB too.
private let canMake = ["rpm", "rpmbuild", "db5.3_load"].allSatisfy { Program.isInstalled($0) }

@Suite(.enabled(if: canMake, "needs the packages rpm and db5.3-util"))
struct RPMTests {
    private static let forms = ["rpmdb.sqlite", "Packages", "Packages.db"]

    @Test func findsWhatRPMHasInEachForm() async throws {
        let folder = TemporaryDirectory()
        let told = try await Program.run("python3", [script("make-rpm-databases.py"), folder.path.string])
        let expected = told.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        for name in Self.forms {
            let path = "var/lib/rpm/\(name)"
            let found = try await scan(layer([path: contents(of: folder.file(name))]))
            let packages = found.sources.flatMap(\.packages).map { package in
                [
                    package.name, package.epoch ?? "(none)", package.version, package.architecture, package.license,
                    package.source,
                ].map { $0 ?? "" }
            }
            #expect(Set(packages) == Set(expected), "\(name)")
            #expect(packages.count == expected.count, "\(name)")
            #expect(packages.count == 40)
            #expect(found.gaps == [])
        }
    }

    /// Cut off anywhere, or with bytes of chance, they end, and what is missing is told or not lost.
    @Test func endsWithDamagedDatabases() async throws {
        let folder = TemporaryDirectory()
        _ = try await Program.run("python3", [script("make-rpm-databases.py"), folder.path.string])
        for name in Self.forms {
            let whole = try contents(of: folder.file(name))
            let path = "usr/lib/sysimage/rpm/\(name)"
            for seed in 1...8 {
                let noise = seededBytes(64, seed: UInt64(seed))
                var damaged = whole
                for (index, byte) in noise.enumerated() {
                    // Most of them where the structures are: at the front.
                    let range = index % 2 == 0 ? 8192 : whole.count
                    damaged[(Int(byte) &* 7919 &+ seed &* 104_729 &+ index &* 31) % range] = byte
                }
                let found = try await scan(layer([path: damaged]))
                #expect(found.sources.first?.packages.count ?? 0 <= 41)
                let cut = try await scan(layer([path: Array(whole.prefix(whole.count * seed / 9))]))
                #expect(!cut.gaps.isEmpty || cut.sources.first?.packages.count == 40, "\(name) \(seed)")
            }
        }
    }

    @Test func saysWhatIsNoDatabase() async throws {
        let found = try await scan(
            layer([
                "var/lib/rpm/Packages": seededBytes(20_000, seed: 1), "var/lib/rpm/rpmdb.sqlite-wal": [1],
                "home/a/Packages": [1, 2, 3],
            ]))
        #expect(
            found.gaps.sorted() == [
                "var/lib/rpm/Packages: it is no database of a form that rpm has",
                "var/lib/rpm/rpmdb.sqlite-wal: changes to rpm's database that are not in it yet",
            ])
    }
}
