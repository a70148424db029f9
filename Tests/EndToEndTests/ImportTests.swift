import OCI
import SystemPackage
import TestSupport
import Testing

/// Images of a bundle in real containerds, without a network.
@Suite(
    .enabled(
        if: Executables.areThere && Executables.isRoot && Containerd.isInstalled
            && Executables.areInstalled("unshare", "setpriv", "ip"),
        "needs root, containerd, ctr, runc, and what all these tests need"))
struct ImportTests {
    @Test(arguments: ContainerdDaemon.programs)
    func isCompleteAndWhatIsLostIsNamed(_ containerd: String) async throws {
        let sample = try SampleBundle.withLargeBlob(bytes: 210_000_000)
        let log = try await run("import-losses", sample, on: containerd)
        #expect(log["network"].lines == [])
        #expect(log["import"].status == 0, "\(log.whole)")
        #expect(log["verify"].status == 0, "\(log.whole)")
        #expect(log["run"].output == "hello from here", "\(log.whole)")
        #expect(log["leftovers"].lines == [])
        let name = sample.images[0]
        let other = sample.images[1]
        let blob = log["blob-digest"].output
        for (section, complaints) in [
            ("name", ["    ! \(name.name): no such name in containerd"]),
            ("blob", ["    ! layer \(blob) of "]),
            ("pin", ["    ! \(other.name): "]),
            ("retag", ["    ! \(name.name): "]),
        ] {
            let run = log[section]
            #expect(run.status == 65, "\(section): \(run.output)")
            let found = run.lines.filter { $0.hasPrefix("    ! ") }
            #expect(found.count == complaints.count, "\(section): \(run.output)")
            for (line, complaint) in zip(found, complaints) {
                #expect(line.hasPrefix(complaint), "\(section): \(run.output)")
            }
            #expect(run.output.contains("error: 1 of \(sample.images.count) images on the node"), "\(section)")
            #expect(log["\(section)-import"].status == 0, "\(section): \(log.whole)")
            #expect(log["\(section)-mended"].status == 0, "\(section): \(log.whole)")
        }
    }

    @Test(arguments: ContainerdDaemon.programs)
    func survivesBeingKilledAnywhere(_ containerd: String) async throws {
        let log = try await run("import-kills", try .withLargeBlob(bytes: 60_000_000), on: containerd)
        #expect(log["whole"].status == 0, "\(log.whole)")
        #expect(log["incomplete"].lines == [])
        #expect((Int(log["killed"].output) ?? 0) >= 10, "\(log.whole)")
        #expect((Int(log["crashed"].output) ?? 0) >= 1, "\(log.whole)")
        #expect(log["import"].status == 0, "\(log.whole)")
        #expect(log["verify"].status == 0, "\(log.whole)")
        #expect(log["leftovers"].lines == [])
        #expect(log["again"].output == "nothing to do: every image is there, complete and pinned")
    }

    /// Builds `sample` and runs a script beside a fresh containerd, in a network namespace that nothing is up in.
    private func run(
        _ script: String, _ sample: SampleBundle, on containerd: String
    ) async throws -> MachineLog {
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let run = try await place.build(mirror: registry.mirror)
            try #require(run.code == 0, "\(run.transcript)")
        }
        let scripts = FilePath("\(#filePath)").removingLastComponent().appending("Scripts")
        let result = try await place.run([
            "/usr/bin/unshare", "--net", "/bin/bash", scripts.appending("import.sh").string,
            place.file("containerd").string, place.output.appending(sample.archive).string,
            Executables.installer.string, scripts.appending("\(script).sh").string, containerd,
        ])
        #expect(result.code == 0, "\(result.transcript)")
        return MachineLog(status: result.code, whole: result.output + result.errors)
    }
}

extension SampleBundle {
    /// Two images with a shell, the second with a layer of `bytes`.
    fileprivate static func withLargeBlob(bytes: Int) throws -> SampleBundle {
        let base = [(name: "bin/sh", bytes: try contents(of: "/bin/busybox"))]
        return SampleBundle(images: [
            Image(
                written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                image: try TestImage(platforms: [.linuxAMD64, .linuxARM64], seed: 1, base: base)),
            Image(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(layers: [2000, bytes], seed: 2, base: base, isPlain: true)),
        ])
    }
}
