import BundleDistribution
import BundleFormat
import HostileBundles
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

@Suite(.enabled(if: DockerRegistry.isInstalled, "docker-registry, htpasswd or openssl is not installed"))
struct ImagePushTests {
    @Test func everyImageIsThereUnderItsNameAndDigest() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.plain) { registry in
            let names = try ImageNames(parsing: "\(registry.host)/mirror", keepsHost: false)
            let push = try ImagePush(packed.bundle, to: names, client: client(of: registry), jobs: 3)
            let sum = Sum()
            let result = try await push.run { sum.add($0) }
            #expect(sum.now == push.bytes)
            #expect(
                result.images.map(\.target.repository) == ["mirror/library/app", "mirror/team/db", "mirror/team/web"])
            #expect(result.images.allSatisfy { $0.refusedIndex == nil })
            // The layer that all three share was sent once.
            #expect(result.blobs.mounted == 2)
            for (image, pushed) in zip(packed.sample.images, result.images) {
                let found = try await client(of: registry).resolve(pushed.target)
                #expect(found.descriptor.digest == image.root.digest)
                #expect(found.bytes == image.blobs[image.root.digest])
            }
            let again = try await ImagePush(packed.bundle, to: names, client: client(of: registry), jobs: 3)
                .run { _ in }
            #expect(again.blobs.uploaded == 0)
            #expect(again.blobs.mounted == 0)
        }
    }

    @Test(.enabled(if: Program.isInstalled("skopeo"), "skopeo is not installed"))
    func skopeoTakesThemFromThere() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.password) { registry in
            let names = try ImageNames(parsing: registry.host, keepsHost: true)
            let result = try await ImagePush(packed.bundle, to: names, client: client(of: registry), jobs: 3)
                .run { _ in }
            for (image, pushed) in zip(packed.sample.images, result.images) {
                let out = packed.folder.file("copy-\(image.root.digest.hex)")
                _ = try await Program.run(
                    "skopeo",
                    [
                        "copy", "--all", "--src-tls-verify=false", "--src-creds",
                        "\(DockerRegistry.user):\(DockerRegistry.password)", "docker://\(pushed.target)",
                        "dir:\(out)",
                    ])
                #expect(try contents(of: out.appending("manifest.json")) == image.bytes(of: image.root))
            }
            #expect(result.images.map(\.target.repository)[1] == "registry.example/team/db")
        }
    }

    @Test func aSparseIndexGivesItsPlaceToThePlatformsManifest() async throws {
        let packed = try Packed(try SampleBundle { $0.platforms = [.linuxAMD64] })
        try await DockerRegistry.with(.plain) { registry in
            let names = try ImageNames(parsing: registry.host, keepsHost: false)
            let result = try await ImagePush(packed.bundle, to: names, client: client(of: registry), jobs: 3)
                .run { _ in }
            let app = result.images[0]
            let image = packed.sample.images[0]
            #expect(app.refusedIndex == image.root.digest)
            #expect(app.platform == "linux/amd64")
            #expect(app.digest == image.manifests[0].descriptor.digest)
            let found = try await client(of: registry).resolve(app.target)
            #expect(found.descriptor.digest == image.manifests[0].descriptor.digest)
        }
    }

    /// A token is asked for again where it also has to be good for where a blob comes from.
    @Test func mountsWithTokens() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.privateToken) { registry in
            let names = try ImageNames(parsing: registry.host, keepsHost: false)
            let result = try await ImagePush(packed.bundle, to: names, client: client(of: registry), jobs: 2)
                .run { _ in }
            #expect(result.blobs.mounted == 2)
            for (image, pushed) in zip(packed.sample.images, result.images) {
                let found = try await client(of: registry).resolve(pushed.target)
                #expect(found.descriptor.digest == image.root.digest)
            }
        }
    }

    @Test func twoRegistriesWithOnePathAreTold() async throws {
        let packed = try Packed(
            try SampleBundle { parts in
                let image = parts.images[1]
                parts.images.append((reference: "other.example/team/db:2", image: image.image))
            })
        let bundle = try packed.bundle
        let client = RegistryClient(RegistryConfiguration(userAgent: "sealift/test"))
        let error = #expect(throws: DistributionError.self) {
            _ = try ImagePush(
                bundle, to: ImageNames(parsing: "r.example", keepsHost: false), client: client, jobs: 1)
        }
        let text = error?.description ?? ""
        #expect(text.contains("other.example/team/db:2") && text.contains("registry.example/team/db:2"), "\(text)")
        _ = try ImagePush(bundle, to: ImageNames(parsing: "r.example", keepsHost: true), client: client, jobs: 1)
    }
}

@Suite struct ImageNamesTests {
    @Test(arguments: [
        ("r.example", false, "docker.io/library/a:1", "r.example/library/a:1"),
        ("r.example/", false, "docker.io/library/a:1", "r.example/library/a:1"),
        ("r.example:5000/x/y", false, "quay.io/p/q:v2", "r.example:5000/x/y/p/q:v2"),
        ("r.example/x", true, "docker.io/library/a:1", "r.example/x/docker.io/library/a:1"),
        ("localhost/x", true, "localhost:5000/a/b:1", "localhost/x/localhost-5000/a/b:1"),
    ])
    func putsImagesBelowTheTarget(_ target: String, _ keepsHost: Bool, _ image: String, _ expected: String) throws {
        let names = try ImageNames(parsing: target, keepsHost: keepsHost)
        #expect(try names.target(for: ImageReference(parsing: image)).description == expected)
    }

    @Test(arguments: [
        "", "team", "team/platform", "r.example/x:1", "R.example/UPPER", "r.example//x", "https://r.example",
    ])
    func refusesWhatIsNoPlaceForImages(_ text: String) {
        let error = #expect(throws: DistributionError.self) { try ImageNames(parsing: text, keepsHost: false) }
        #expect(error?.hint != nil)
    }

    @Test(arguments: ["", "platform", "team/platform:1", "r.example", "r.example/", "r.example/x@sha256:12"])
    func refusesWhatIsNoPlaceForABundle(_ text: String) {
        #expect(throws: DistributionError.self) { try ImageNames.bundle(text) }
    }
}

@Suite struct HostsFileTests {
    @Test func oneForEachRegistryOfTheBundle() throws {
        let packed = try Packed(try SampleBundle())
        let server = try HostsFile.server("http://10.0.0.5:5000/")
        let files = try HostsFile.all(for: packed.bundle, server: server)
        #expect(files.map(\.host) == ["docker.io", "registry.example"])
        let paths = try HostsFile.write(files, below: packed.folder.file("certs.d"))
        #expect(paths == files.map { packed.folder.file("certs.d/\($0.path)") })
        for (path, file) in zip(paths, files) {
            #expect(try contents(of: path) == Array(file.text.utf8))
            #expect(file.text.contains("[host.\"http://10.0.0.5:5000\"]\n  capabilities = [\"pull\", \"resolve\"]\n"))
            #expect(file.text.contains("server = \"http://10.0.0.5:5000\"\n"))
        }
    }

    @Test(arguments: [
        "", "10.0.0.5:5000", "ftp://x", "http://", "http://a\"b", "http://a\nb", "http://u:p@h", "http://h/?a",
    ])
    func refusesWhatIsNoAddress(_ text: String) {
        #expect(throws: DistributionError.self) { try HostsFile.server(text) }
    }
}
