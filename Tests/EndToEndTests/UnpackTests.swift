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

    /// Imports `images` with `ctr` into one containerd and with the installer into another, and compares which are
    /// taken, and all snapshots.
    private func compare(
        _ program: String, _ images: [NastyImages.Packed], snapshotter: String = "overlayfs"
    ) async throws {
        try await ContainerdDaemon.with(program: program) { theirs in
            try await ContainerdDaemon.with(program: program) { ours in
                let pair = try ContainerdPair(program: program, theirs: theirs, ours: ours, snapshotter: snapshotter)
                for image in images { try await pair.importBoth(image) }
                try await pair.expectSame(refused: images.map(\.image).filter { $0.refused != nil })
            }
        }
    }
}
