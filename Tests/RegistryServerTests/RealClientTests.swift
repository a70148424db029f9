import HostileBundles
import OCI
import RegistryServer
import SystemPackage
import TestSupport
import Testing

/// The programs that pull in earnest.
@Suite struct RealClientTests {
    @Test(.enabled(if: Program.isInstalled("skopeo"), "skopeo is not installed"))
    func skopeoCopiesEveryImageWithItsDigests() async throws {
        let sample = try SampleBundle()
        try await serving(sample) { server, folder in
            for (reference, image) in zip(SampleBundle.references, sample.images) {
                let out = folder.file(image.root.digest.hex)
                _ = try await Program.run(
                    "skopeo",
                    [
                        "copy", "--all", "--src-tls-verify=false", "docker://\(server.address)/\(reference)",
                        "dir:\(out)",
                    ])
                #expect(try contents(of: out.appending("manifest.json")) == image.bytes(of: image.root))
                for layer in image.manifests.flatMap(\.value.layers) {
                    #expect(try contents(of: out.appending(layer.digest.hex)) == image.bytes(of: layer))
                }
            }
        }
    }

    @Test(.enabled(if: ContainerdDaemon.isUsable && Program.isInstalled("ctr"), "needs root, containerd and ctr"))
    func containerdPullsThroughHostsFiles() async throws {
        let sample = try SampleBundle()
        try await serving(sample) { server, folder in
            for host in ["docker.io", "registry.example"] {
                try write(
                    """
                    server = "http://\(server.address)"

                    [host."http://\(server.address)"]
                      capabilities = ["pull", "resolve"]

                    """.utf8, to: folder.file("certs.d/\(host)/hosts.toml"))
            }
            let hosts = folder.file("certs.d")
            try await ContainerdDaemon.with { socket in
                func ctr(_ arguments: String...) async throws -> String {
                    try await Program.run("ctr", ["--address", socket.string, "--namespace", "k8s.io"] + arguments)
                }
                for (reference, image) in zip(SampleBundle.references, sample.images) {
                    _ = try await ctr(
                        "images", "pull", "--snapshotter", "native", "--platform", "linux/amd64", "--hosts-dir",
                        hosts.string, reference)
                    let list = try await ctr("images", "list", "name==\(reference)")
                    #expect(list.contains("\(image.root.digest)"), "\(list)")
                }
                let checked = try await ctr("images", "check", "-q")
                #expect(SampleBundle.references.allSatisfy(checked.contains), "\(checked)")
            }
        }
    }
}
