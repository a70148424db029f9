import Packages
import SystemPackage
import TestSupport
import Testing

/// Java archives in every form of zip, made by Python's zipfile.
@Suite struct ArchiveTests {
    private func scanned(_ names: [String]) async throws -> LayerPackages {
        let folder = TemporaryDirectory()
        _ = try await Program.run("python3", [script("make-archives.py"), folder.path.string])
        try await tar(names, of: folder.path, to: folder.file("layer.tar"))
        return try await scan(folder.file("layer.tar"))
    }

    @Test(arguments: ["deflated", "stored", "streamed", "large", "streamed-large"])
    func readsEveryFormOfZip(_ form: String) async throws {
        let file = "\(form)-1.0.jar"
        let found = try await scanned([file])
        #expect(
            found.listing == [
                "\(file) java:org.example/\(form)@1.0", "\(file)!lib/inner-1.0.jar java:org.example/inner@1.0",
            ])
        #expect(found.gaps == [])
    }

    /// Entries that nobody reads are skipped where the sizes behind them are near, and unpacked where they are far; marks
    /// that are part of an entry are none.
    @Test func findsTheEndsOfStreamedEntries() async throws {
        let file = "decoys-1.0.jar"
        let found = try await scanned([file])
        #expect(
            found.listing == [
                "\(file) java:org.example/decoys@1.0", "\(file)!lib/inner-1.0.jar java:org.example/inner@1.0",
            ])
        #expect(found.gaps == [])
    }

    @Test func namesWhatMavenDidNotName() async throws {
        let found = try await scanned([
            "uber-2.5.jar", "unnamed.jar", "empty.jar", "nifi-a.nar", "self-running-1.0.jar",
        ])
        #expect(
            found.listing == [
                "empty.jar java:empty@",
                "nifi-a.nar java:org.apache.nifi.and.a.very.long.group.that.goes.on/nifi-a-nar@1.23.2",
                "nifi-a.nar!META-INF/bundled-dependencies/inner-1.0.jar java:org.example/inner@1.0",
                "self-running-1.0.jar java:org.example/self-running@1.0",
                "uber-2.5.jar java:org.example/gson@1.0", "uber-2.5.jar java:org.example/guava@1.0",
                "uber-2.5.jar java:uber@2.5", "unnamed.jar java:unnamed@7.7",
            ])
        let guessed = found.sources.flatMap(\.packages).filter { $0.isNamedByFile == true }.map(\.name)
        #expect(guessed == ["empty", "uber", "unnamed"])
        #expect(found.gaps == [])
    }

    @Test(arguments: [
        ("log4j-1.2-api-2.17.1.jar", "log4j-1.2-api@2.17.1"), ("guava-31.1-jre.jar", "guava@31.1-jre"),
        ("kafka_2.13-3.4.0.jar", "kafka_2.13@3.4.0"), ("a-1.0-20220101.1-2.jar", "a@1.0-20220101.1-2"),
        ("7-zip.jar", "7-zip@"), ("tools.jar", "tools@"), ("-1.jar", "@"), ("a--1.jar", "a-@1"),
    ])
    func readsFileNames(_ name: String, _ expected: String) async throws {
        let empty: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
        let found = try await scan(layer([name: empty]))
        #expect(found.listing == (expected == "@" ? [] : ["\(name) java:\(expected)"]))
    }

    @Test func goesOnlySoDeep() async throws {
        let found = try await scanned(["deep1.jar"])
        #expect(found.listing.count == 5)
        let place = "lib/deep2.jar!lib/deep3.jar!lib/deep4.jar!lib/deep5.jar"
        #expect(found.listing.contains("deep1.jar!\(place) java:org.example/deep5@1.0"))
        #expect(found.gaps == ["deep1.jar: \(place)!lib/deep6.jar: archives lie more than 5 deep in each other"])
    }

    /// Each is told, and costs nothing of what comes after it.
    @Test func saysWhatIsWrongWithArchives() async throws {
        let bad = ["truncated", "no-zip", "lying", "short", "hidden", "encrypted", "method"].map { "\($0).jar" }
        let found = try await scanned(bad + ["deflated-1.0.jar"])
        #expect(found.listing.contains("deflated-1.0.jar!lib/inner-1.0.jar java:org.example/inner@1.0"))
        #expect(
            found.gaps.map { $0.replacing(/\d{2,} bytes/, with: "N bytes") }.sorted() == [
                "encrypted.jar: it is encrypted",
                "hidden.jar: it holds 5 entries, its directory lists 4",
                "lying.jar: an entry has another size than it states",
                "method.jar: it is compressed by method 99 of zip, which is not read",
                "no-zip.jar: it is no zip archive",
                "short.jar: an entry has another size than it states",
                "truncated.jar: it ends N bytes too early",
            ])
    }
}
