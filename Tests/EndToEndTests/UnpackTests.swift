import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// What an import unpacks, compared with what containerd makes of the same layers, file by file.
@Suite(
    .serialized,
    .enabled(
        if: Executables.areThere && ContainerdDaemon.isUsable && Executables.areInstalled("unshare", "tar"),
        "needs root, containerd, unshare, tar, and what all these tests need"))
struct UnpackTests {
    @Test(arguments: ContainerdDaemon.programs)
    func makesWhatContainerdMakes(_ program: String) async throws {
        try await compare(program, try await NastyImages.all.value.images)
    }

    @Test(arguments: ContainerdDaemon.programs)
    func makesWhatContainerdMakesForAnotherSnapshotter(_ program: String) async throws {
        let names = ["whiteouts", "aufs", "links", "parents", "replaced", "attributes", "refused-link-to-lower"]
        let chosen = try await NastyImages.all.value.images.filter { names.contains($0.image.name) }
        #expect(chosen.count == names.count)
        try await compare(program, chosen, snapshotter: "native")
    }

    @Test(arguments: ContainerdDaemon.programs)
    func leavesToContainerdWhatItIsToldTo(_ program: String) async throws {
        let names = ["kinds", "whiteouts"]
        let chosen = try await NastyImages.all.value.images.filter { names.contains($0.image.name) }
        try await compare(program, chosen, options: ["--unpacker", "containerd"])
    }

    /// The bundles of `$SEALIFT_COMPARE_BUNDLES`, paths with `:` between them; without it, one of a few images.
    @Test(arguments: ContainerdDaemon.programs)
    func makesWhatContainerdMakesOfBundles(_ program: String) async throws {
        let named = (ProcessInfo.processInfo.environment["SEALIFT_COMPARE_BUNDLES"] ?? "").split(separator: ":")
        let ordinary = try await PackedBundle(try .ordinary())
        for bundle in named.isEmpty ? [ordinary.archive] : named.map({ FilePath(String($0)) }) {
            try await ContainerdDaemon.with(program: program) { theirs in
                try await ContainerdDaemon.with(program: program) { ours in
                    try await ContainerdPair(program: program, theirs: theirs, ours: ours, snapshotter: "overlayfs")
                        .importBoth(bundle: bundle)
                }
            }
        }
    }

    /// What `containerd` sees in its root, and nobody else: a folder that is mounted there for it alone.
    ///
    /// `$1` is what everybody else sees there: nothing, or snapshots' folders that are not containerd's.
    private static let hidden = """
        #!/bin/bash
        folder=$(dirname "$2")
        mkdir -p "$folder/hidden" "$folder/root"
        snapshots=root/io.containerd.snapshotter.v1.overlayfs/snapshots
        [ DECOY = no ] || mkdir -p "$folder/$snapshots"/{1..40}/{fs,work}
        exec unshare --mount --propagation private /bin/bash -c '
            mount --bind "$1/hidden" "$1/root" && exec PROGRAM "${@:2}"' bash "$folder" "$@"

        """

    @Test(arguments: ContainerdDaemon.programs, [false, true])
    func keepsOutOfFoldersThatAreNotContainerds(_ program: String, hasDecoy: Bool) async throws {
        let names = ["links", "whiteouts", "parents"]
        let chosen = try await NastyImages.all.value.images.filter { names.contains($0.image.name) }
        let place = try Workplace(SampleBundle(images: []))
        let wrapper = place.file("containerd")
        let text = Self.hidden.replacing("PROGRAM", with: program).replacing("DECOY", with: hasDecoy ? "yes" : "no")
        try write(text.utf8, to: wrapper)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper.string)
        try await compare(program, chosen, startedBy: wrapper.string, mayFallBack: true)
    }

    /// Imports `images` with `ctr` into one containerd and with the installer into another, and compares which are
    /// taken, and all snapshots.
    private func compare(
        _ program: String, _ images: [NastyImages.Packed], snapshotter: String = "overlayfs",
        options: [String] = [], startedBy wrapper: String? = nil, mayFallBack: Bool = false
    ) async throws {
        try await ContainerdDaemon.with(program: wrapper ?? program) { theirs in
            try await ContainerdDaemon.with(program: wrapper ?? program) { ours in
                let pair = try ContainerdPair(program: program, theirs: theirs, ours: ours, snapshotter: snapshotter)
                let mayFallBack = mayFallBack || !options.isEmpty
                for image in images { try await pair.importBoth(image, options, mayFallBack: mayFallBack) }
                try await pair.expectSame(refused: images.map(\.image).filter { $0.refused != nil })
            }
        }
    }
}
