import FoundationEssentials
import Packages
import SystemPackage
import TestSupport
import Testing

private let base = ProcessInfo.processInfo.environment["SEALIFT_MACHINE_BASE"]

@Suite struct TextDatabaseTests {
    @Test(
        .enabled(if: base != nil, "needs $SEALIFT_MACHINE_BASE; see scripts/fetch-test-parts"),
        arguments: [[], ["--gzip"], ["--zstd"]])
    func findsWhatDpkgHas(_ compression: [String]) async throws {
        let root = FilePath(try #require(base))
        let folder = TemporaryDirectory()
        try await tar(
            ["./var/lib/dpkg/status", "./etc/os-release", "./usr/lib/os-release", "./usr/bin/tar", "./usr/bin/mount"],
            of: root, to: folder.file("layer"), compression)
        let found = try await scan(folder.file("layer"))
        let told = try await Program.run(
            "dpkg-query",
            [
                "--admindir=\(root)/var/lib/dpkg", "--show",
                "--showformat=var/lib/dpkg/status deb:${Package}@${Version}\n",
            ])
        #expect(found.listing == told.split(separator: "\n").map(String.init).sorted())
        #expect(found.listing.count > 50)
        #expect(found.gaps == [])
        #expect(found.distributions.map(\.path) == ["usr/lib/os-release"])
        #expect(found.distributions.first?.id == "debian")
        #expect(found.distributions.first?.versionID == "12")
    }

    @Test func takesFromDpkgWhatIsThere() async throws {
        let found = try await scan(
            layer([
                "var/lib/dpkg/status": """
                Package: gone
                Status: deinstall ok config-files
                Version: 1

                Package: half
                Status: install reinstreq half-installed
                Version: 1:2.3+dfsg-4~deb12u1
                Architecture: amd64
                Source: whole (1:2.3)
                Description: a text
                 Package: not-a-field
                """,
                "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\n",
                "var/lib/dpkg/status.d/tzdata.md5sums": "0123  usr/share/zoneinfo/UTC\n",
            ]))
        #expect(
            found.listing == [
                "var/lib/dpkg/status deb:half@1:2.3+dfsg-4~deb12u1", "var/lib/dpkg/status.d/tzdata deb:tzdata@2024a",
            ])
        #expect(found.sources.first?.packages.first?.source == "whole (1:2.3)")
        #expect(found.gaps == [])
    }

    /// No Alpine is at hand: written after its wiki's "Apk spec" and apk-tools' `src/database.c`.
    @Test(arguments: ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
    func findsWhatApkHas(_ path: String) async throws {
        let found = try await scan(
            layer([
                path: """
                C:Q1p78yvTLG094tHE1+dToJGbmYzQE=
                P:musl
                V:1.2.4-r2
                A:x86_64
                L:MIT
                o:musl
                F:lib
                R:ld-musl-x86_64.so.1
                a:0:0:755

                P:busybox
                V:1.36.1-r5
                A:x86_64
                L:GPL-2.0-only

                """,
                "etc/os-release": "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME='Alpine \\$'\n",
            ]))
        #expect(found.listing == ["\(path) apk:busybox@1.36.1-r5", "\(path) apk:musl@1.2.4-r2"])
        #expect(found.sources.first?.packages.map(\.license) == ["MIT", "GPL-2.0-only"])
        #expect(found.distributions.first?.prettyName == "Alpine $")
    }

    @Test func findsWhatScriptsBringAlong() async throws {
        let found = try await scan(
            layer([
                "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA":
                    "Metadata-Version: 2.1\r\nName: PyYAML\r\nVersion: 6.0\r\nLicense: MIT\r\n\r\nName: prose\r\n",
                "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO": "Name: six\nVersion: 1.16.0\n",
                "usr/lib/python3/dist-packages/old-1.egg-info": "Name: old\nVersion: 1\n",
                "app/node_modules/left-pad/package.json": #"{"name":"left-pad","version":"1.3.0","license":"WTFPL"}"#,
                "app/node_modules/@babel/core/package.json":
                    #"{"name":"@babel/core","version":"7.1.0","license":{"type":"MIT"}}"#,
                "app/node_modules/left-pad/lib/package.json": #"{"name":"not-installed"}"#,
                "app/package.json": #"{"name":"app"}"#,
                "app/node_modules/broken/package.json": "{",
            ]))
        #expect(
            found.listing == [
                "app/node_modules/@babel/core/package.json npm:@babel/core@7.1.0",
                "app/node_modules/left-pad/package.json npm:left-pad@1.3.0",
                "usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA pypi:PyYAML@6.0",
                "usr/lib/python3/dist-packages/old-1.egg-info pypi:old@1",
                "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO pypi:six@1.16.0",
            ])
        #expect(found.gaps == ["app/node_modules/broken/package.json: not valid JSON"])
    }

    @Test func findsJavaRuntimes() async throws {
        let found = try await scan(
            layer([
                "opt/java/openjdk/release":
                    "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"17.0.8+7\"\nJAVA_VERSION=\"17.0.8\"\n"
                    + "IMAGE_TYPE=\"JRE\"\nOS_ARCH=\"x86_64\"\n",
                "usr/lib/jvm/java-17/release": "JAVA_VERSION=\"17\"\n", "etc/release": "A=1\n",
            ]))
        #expect(
            found.listing == [
                "opt/java/openjdk/release runtime:Eclipse Adoptium/java-jre@17.0.8+7",
                "usr/lib/jvm/java-17/release runtime:java@17",
            ])
    }

    @Test func saysWhichManagersAreNotRead() async throws {
        let found = try await scan(
            layer([
                "var/lib/pacman/local/a-1/desc": "%NAME%\na\n", "var/lib/pacman/local/b-1/desc": "%NAME%\nb\n",
                "opt/conda/conda-meta/python-3.json": "{}", "var/lib/opkg/status": "Package: a\n",
                "usr/lib/ruby/specifications/rake.gemspec": "", "app/vendor/composer/installed.json": "{}",
            ]))
        #expect(found.listing == [])
        #expect(
            found.gaps.sorted() == [
                "app/vendor/composer: what composer installed is not read",
                "opt/conda/conda-meta: what conda installed is not read",
                "usr/lib/ruby/specifications: what gem installed is not read",
                "var/lib/opkg: what opkg installed is not read",
                "var/lib/pacman/local: what pacman installed is not read",
            ])
    }
}
