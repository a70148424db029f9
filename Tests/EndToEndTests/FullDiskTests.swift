import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

/// A disk that is too small, or that fills up while a build runs.
@Suite(
    .enabled(if: Executables.areThere, Executables.need), .enabled(if: Executables.isRoot, "mounting needs root"),
    .enabled(if: Executables.areInstalled("unshare", "mount"), "needs util-linux"))
struct FullDiskTests {
    private static let size = 3_000_000

    /// Runs a build with a small disk of its own at `$small`; a file `fill` makes the disk full, then `full` appears.
    ///
    /// What is on the disk in the end is printed on standard output. The mount is gone with the process.
    private func build(
        in place: Workplace, mirror: String, megabytes: Int, _ options: [String]
    ) async throws -> SealiftRun {
        try await place.run(
            [
                "unshare", "--mount", "/bin/bash", "-c",
                """
                set -euo pipefail
                small=$PWD/small
                mkdir -p "$small"
                mount -t tmpfs -o "size=$1m" none "$small"
                (
                    until [ -e fill ]; do sleep 0.02; done
                    dd if=/dev/zero of="$small/filler" bs=4096 2>/dev/null || true
                    touch full
                ) &
                filler=$!
                code=0
                "${@:2}" || code=$?
                touch fill
                wait "$filler"
                find "$small" -type f ! -name filler -printf '%P\\n'
                exit "$code"
                """, "bash", "\(megabytes)", Executables.sealift.string,
            ] + place.buildArguments(mirror: mirror, options))
    }

    /// A registry that fills the disk when half of the large layer is sent.
    private func fillingRegistry(_ sample: SampleBundle, _ place: Workplace) -> ScriptedRegistry {
        let layer = sample.images[0].image.largestLayer
        return ScriptedRegistry(sample) { descriptor, bytes, request, connection in
            guard descriptor.digest == layer.digest, request.rangeStart == nil, !exists(place.file("full")) else {
                return false
            }
            connection.head(200, ["Content-Length": "\(bytes.count)"])
            connection.send(Array(bytes[..<(bytes.count / 2)]))
            try? write([], to: place.file("fill"))  // where that fails the test fails
            for _ in 0..<500 where !exists(place.file("full")) { usleep(20_000) }
            connection.send(Array(bytes[(bytes.count / 2)...]))
            return true
        }
    }

    @Test(arguments: ["--output", "--cache"]) func aDiskThatIsTooSmallIsNoticedBeforeAnythingIsFetched(
        _ option: String
    ) async throws {
        let sample = try SampleBundle.large(Self.size)
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        #expect(try await place.lock(mirror: registry.mirror).code == 0)
        let run = try await build(
            in: place, mirror: registry.mirror, megabytes: 2, [option, place.file("small").string])
        #expect(run.code == 74, "\(run.transcript)")
        #expect(run.errors.contains("bytes free"))
        #expect(run.errors.contains("hint: free some space, or choose other folders"))
        #expect(registry.requests(for: sample.images[0].image.largestLayer.digest).isEmpty)
        #expect(place.names(in: place.output).isEmpty)
        // Whoever uses a cache locks it.
        #expect(run.lines == (option == "--cache" ? ["lock"] : []))
    }

    @Test func aDiskThatFillsUpDuringADownload() async throws {
        let sample = try SampleBundle.large(Self.size)
        let place = try Workplace(sample)
        let registry = fillingRegistry(sample, place)
        let run = try await build(
            in: place, mirror: registry.mirror, megabytes: 8, ["--cache", place.file("small").string])
        #expect(run.code == 74, "\(run.transcript)")
        #expect(run.errors.contains("No space left on device"))
        #expect(run.errors.contains("hint: free some space"))
        #expect(place.names(in: place.output).isEmpty)
        // What came in is kept for the next run.
        let layer = sample.images[0].image.largestLayer.digest
        #expect(run.lines.contains("ingest/sha256-\(layer.hex)"))
        #expect(!run.lines.contains("blobs/sha256/\(layer.hex)"))
        let again = try await place.build(mirror: registry.mirror)
        #expect(again.code == 0, "\(again.transcript)")
    }

    @Test(arguments: [[], ["--no-cache"]]) func aDiskThatFillsUpDuringPacking(_ options: [String]) async throws {
        let sample = try SampleBundle.large(Self.size)
        let place = try Workplace(sample)
        let registry = fillingRegistry(sample, place)
        let run = try await build(
            in: place, mirror: registry.mirror, megabytes: 16, ["--output", place.file("small").string] + options)
        #expect(run.code == 74, "\(run.transcript)")
        #expect(run.errors.contains("No space left on device"))
        #expect(run.errors.contains("hint: free some space"))
        #expect(run.output.isEmpty)
        let again = try await place.build(mirror: registry.mirror)
        #expect(again.code == 0, "\(again.transcript)")
    }
}
