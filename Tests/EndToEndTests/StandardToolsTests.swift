import OCI
import SystemPackage
import TestSupport
import Testing

/// A bundle is a standard OCI image layout: tools that know nothing of Sealift read it.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct StandardToolsTests {
    /// Builds `sample` and hands over where, with a registry that has nothing else in it.
    private func withBundle(
        _ sample: SampleBundle, isSigned: Bool = false,
        _ body: (_ place: Workplace, _ archive: FilePath) async throws -> Void
    ) async throws {
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            var signing: [String] = []
            if isSigned {
                let key = place.file("release")
                #expect(try await place.sealift(["keygen", "--output", key.string]).code == 0)
                signing = ["--sign", "\(key).key"]
            }
            let run = try await place.build(mirror: registry.mirror, signing)
            try #require(run.code == 0, "\(run.transcript)")
        }
        try await body(place, place.output.appending(sample.archive))
    }

    @Test(
        .enabled(if: Executables.areInstalled("bsdtar", "zstd", "tar", "sha256sum"), "needs libarchive-tools and zstd"))
    func tarZstdAndBsdtarReadIt() async throws {
        try await withBundle(.ordinary()) { place, archive in
            let listing = try await place.shell(
                """
                zstd -q -t "$1"
                tar --zstd -tf "$1" | sort >members
                bsdtar -tf "$1" | sort | cmp - members
                cd "$(dirname "$1")"
                sha256sum --quiet -c "$1.sha256"
                cat "$OLDPWD/members"
                mkdir "$OLDPWD/content"
                tar --zstd -xf "$1" -C "$OLDPWD/content"
                cd "$OLDPWD/content/blobs/sha256"
                for blob in *; do echo "$blob  $blob"; done | sha256sum --quiet -c -
                """, archive.string)
            try #require(listing.code == 0, "\(listing.transcript)")
            let others = listing.lines.filter { !$0.hasPrefix("blobs/") }
            #expect(others == ["index.json", "oci-layout", "sbom.cdx.json"])
            #expect(Set(listing.lines).count == listing.lines.count)
        }
    }

    @Test(.enabled(if: Executables.areInstalled("skopeo", "zstd"), "needs skopeo and zstd"), arguments: [false, true])
    func skopeoInspectsEveryImageByName(isSigned: Bool) async throws {
        let sample = try SampleBundle.ordinary()
        try await withBundle(sample, isSigned: isSigned) { place, archive in
            for image in sample.images where image.image.root.mediaType.isOCI {
                let names = [image.name, "docker.io/\(image.repository)@\(image.image.root.digest)"]
                for name in names {
                    let run = try await place.shell(
                        #"skopeo inspect --raw "oci-archive:$1:$2" | sha256sum | cut -c 1-64"#, archive.string, name)
                    #expect(run.code == 0, "\(name): \(run.transcript)")
                    #expect(run.lines == [image.image.root.digest.hex], "\(name)")
                }
            }
        }
    }

    @Test(.enabled(if: Executables.areInstalled("skopeo", "zstd"), "needs skopeo and zstd"))
    func skopeoCopiesEveryImageIntoAnotherRegistryWithTheSameDigest() async throws {
        let sample = try SampleBundle.ordinary()
        try await withBundle(sample) { place, archive in
            try await DockerRegistry.with(.plain) { target in
                for image in sample.images {
                    // This skopeo takes only OCI manifests out of an OCI layout by name; any other manifest goes through
                    // its own `dir:` layout, which is the same blobs in one folder.
                    let manifest = image.image.manifests[0].descriptor.digest.hex
                    let run = try await place.shell(
                        """
                        source="oci-archive:$1:$2"
                        if [ "$5" = docker ]; then
                            rm -rf flat && mkdir flat
                            tar --zstd -xf "$1" -C flat --strip-components=2 blobs/sha256
                            cp "flat/$4" flat/manifest.json
                            echo 'Directory Transport Version: 1.1' >flat/version
                            source="dir:flat"
                        fi
                        skopeo copy -q --insecure-policy --override-arch amd64 --dest-tls-verify=false \\
                            "$source" "docker://$3"
                        skopeo inspect --raw --tls-verify=false "docker://$3" | sha256sum | cut -c 1-64
                        """, archive.string, image.name, "\(target.host)/\(image.repository):\(image.tag)", manifest,
                        image.image.root.mediaType.isOCI ? "oci" : "docker")
                    #expect(run.code == 0, "\(image.name): \(run.transcript)")
                    // Without --all skopeo takes one platform out of an index.
                    #expect(run.lines == [manifest], "\(image.name)")
                }
            }
        }
    }

    @Test(.enabled(if: Executables.areInstalled("skopeo", "zstd"), "needs skopeo and zstd"))
    func skopeoCopiesAllPlatformsOfABundleForAll() async throws {
        let sample = try SampleBundle.everyPlatform()
        try await withBundle(sample) { place, archive in
            try await DockerRegistry.with(.plain) { target in
                for image in sample.images {
                    let run = try await place.shell(
                        """
                        skopeo copy -q --all --insecure-policy --dest-tls-verify=false "oci-archive:$1:$2" "docker://$3"
                        skopeo inspect --raw --tls-verify=false "docker://$3" | sha256sum | cut -c 1-64
                        """, archive.string, image.name, "\(target.host)/\(image.repository):\(image.tag)")
                    #expect(run.code == 0, "\(image.name): \(run.transcript)")
                    #expect(run.lines == [image.image.root.digest.hex], "\(image.name)")
                }
            }
        }
    }

    @Test(
        .enabled(if: Containerd.isInstalled, "needs containerd, runc and zstd"),
        .enabled(if: Executables.isRoot, "needs root"), arguments: [false, true])
    func containerdImportsTheWholeFileAndRunsAContainer(isSigned: Bool) async throws {
        let sample = try SampleBundle.runnable()
        try await withBundle(sample, isSigned: isSigned) { place, archive in
            let run = try await Containerd.run(
                in: place,
                """
                zstd -q -dc "$1" | ctr images import - >&2
                ctr images ls -q | grep -v '^sha256:'
                for image in "${@:2}"; do
                    ctr run --rm "$image" "sealift-$$-$RANDOM" /bin/sh -c 'echo "it runs: $((6 * 7))"' </dev/null
                done
                """, [archive.string] + sample.images.map(\.name))
            try #require(run.code == 0, "\(run.transcript)")
            let names = sample.images.flatMap { [$0.name, "docker.io/\($0.repository)@\($0.image.root.digest)"] }
            #expect(run.lines.filter { !$0.hasPrefix("it runs") }.sorted() == names.sorted())
            #expect(run.lines.filter { $0 == "it runs: 42" }.count == sample.images.count)
        }
    }
}

extension MediaType {
    fileprivate var isOCI: Bool { rawValue.hasPrefix("application/vnd.oci.") }
}
