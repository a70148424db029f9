import FoundationEssentials
import Packages
import SystemPackage
import TestSupport
import Testing

private let kubectl = ProcessInfo.processInfo.environment["SEALIFT_KUBECTL"]
private let flink = ProcessInfo.processInfo.environment["SEALIFT_FLINK"]

@Suite struct ProgramTests {
    /// kubectl tells which Go and which release it is; its modules are counted as Go's own `go version -m` lists them.
    @Test(.enabled(if: kubectl != nil, "needs $SEALIFT_KUBECTL; see scripts/fetch-test-parts"))
    func findsTheModulesOfGoPrograms() async throws {
        let program = FilePath(try #require(kubectl))
        let folder = TemporaryDirectory()
        try await tar([program.lastComponent?.string ?? ""], of: program.removingLastComponent(), to: folder.file("t"))
        let found = try await scan(folder.file("t"))
        let told = try await Program.run("env", [program.string, "version", "--client", "--output=json"])
        let version = try JSONDecoder().decode(KubectlVersion.self, from: Data(told.utf8)).clientVersion
        #expect(found.sources.map(\.path) == ["kubectl"])
        #expect(found.listing.contains("kubectl golang:stdlib@\(version.goVersion.dropFirst(2))"))
        #expect(found.listing.contains("kubectl golang:k8s.io/kubernetes@\(version.gitVersion)"))
        #expect(found.listing.contains("kubectl golang:github.com/MakeNowJust/heredoc@v1.0.0"))
        #expect(found.listing.count > 60)
        #expect(found.gaps == [])
    }

    private struct KubectlVersion: Decodable {
        struct Client: Decodable {
            var goVersion: String
            var gitVersion: String
        }
        var clientVersion: Client
    }

    /// Debian's, which are built without modules.
    @Test(.enabled(if: Program.isInstalled("containerd"), "needs containerd"))
    func findsGoProgramsWithoutModules() async throws {
        let folder = TemporaryDirectory()
        try await tar(["containerd", "python3", "tar"], of: "/usr/bin", to: folder.file("t"), ["--dereference"])
        let found = try await scan(folder.file("t"))
        #expect(found.sources.map(\.path) == ["containerd"])
        #expect(found.listing.first == "containerd golang:github.com/containerd/containerd/cmd/containerd@")
        #expect(found.listing.last?.hasPrefix("containerd golang:stdlib@1.") == true)
    }

    @Test func takesOnlyBuildInfo() async throws {
        func program(_ parts: [UInt8]...) -> [UInt8] {
            [0x7F, 0x45, 0x4C, 0x46] + [UInt8](repeating: 0, count: 60) + parts.flatMap { $0 }
        }
        func info(_ flags: UInt8, _ strings: [UInt8]) -> [UInt8] {
            let bytes = [0xFF] + Array(" Go buildinf:".utf8) + [8, flags] + [UInt8](repeating: 0, count: 16) + strings
            return bytes + [UInt8](repeating: 0, count: (16 - bytes.count % 16) % 16)
        }
        let mark = [UInt8](repeating: 1, count: 16)
        let modules = mark + Array("path\tx/y\nmod\tx/y\t(devel)\t\ndep\ta/b\tv1\th1:=\n=>\tc/d\tv2\t\n".utf8) + mark
        let strings = [6] + Array("go1.22".utf8) + [UInt8(modules.count)] + modules
        let found = try await scan(
            layer([
                "real": program(info(2, strings)), "after-a-false-one": program(info(2, [9, 9]), info(2, strings)),
                "old": program(info(0, [])), "cut": program(Array(info(2, strings).prefix(40))),
                "no-program": info(2, strings), "endless": program(info(2, [UInt8](repeating: 0xFF, count: 64))),
                "at-the-end": program(Array(info(2, []).prefix(16))),
            ]))
        #expect(
            found.listing == [
                "after-a-false-one golang:c/d@v2", "after-a-false-one golang:stdlib@1.22",
                "after-a-false-one golang:x/y@", "real golang:c/d@v2", "real golang:stdlib@1.22", "real golang:x/y@",
            ])
        #expect(found.gaps == ["old: a program of Go before 1.18, whose modules are not read"])
    }

    @Test(.enabled(if: flink != nil, "needs $SEALIFT_FLINK; see scripts/fetch-test-parts"))
    func findsWhatMavenWroteIntoFlink() async throws {
        let root = FilePath(try #require(flink)).appending("lib")
        let jars = try FileManager.default.contentsOfDirectory(atPath: root.string).filter { $0.hasSuffix(".jar") }
        let told = try await Program.run(
            "python3", [script("java-packages.py")] + jars.map { root.appending($0).string })
        let folder = root.string.drop { $0 == "/" }
        let expected = told.split(separator: "\n").map { line in
            let words = line.split(separator: "\t", omittingEmptySubsequences: false)
            return "\(words[0].dropFirst(folder.count + 1)) java:\(words[1])/\(words[2])@\(words[3])"
        }
        let layer = TemporaryDirectory()
        try await tar(jars, of: root, to: layer.file("t"))
        let found = try await scan(layer.file("t"))
        let named = found.sources.flatMap { source in source.packages.filter { $0.isNamedByFile == nil } }
        #expect(named.count == expected.count)
        #expect(Set(found.listing).isSuperset(of: expected))
        #expect(expected.contains("log4j-core-2.17.1.jar java:org.apache.logging.log4j/log4j-core@2.17.1"))
        // 40 MB in an archive in an archive, without a name of its own.
        #expect(
            found.listing.contains(
                "flink-table-planner-loader-1.18.1.jar!flink-table-planner.jar java:flink-table-planner@1.18.1")
                || found.listing.contains(
                    "flink-table-planner-loader-1.18.1.jar!flink-table-planner.jar java:flink-table-planner@")
        )
        #expect(found.gaps == [])
    }
}
