import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// `sealift export k0sctl`: what is written, and that a host which does what it says has its images.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct ExportTests {
    @Test func writesTheFileAndItsK0s() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let folder = bundle.place.output
        let file = folder.appending("k0sctl.yaml")
        let arguments = [
            "export", "k0sctl", bundle.archive.string, "--controller", "192.0.2.11", "--worker", "ops@192.0.2.12",
        ]
        let run = try await bundle.place.sealift(arguments + ["--output", file.string])
        #expect(run.code == 0, "\(run.transcript)")
        #expect(run.output.isEmpty)
        let text = String(decoding: try contents(of: file), as: UTF8.self)
        #expect(text.contains("kind: Cluster\n") && text.contains("      src: \"\(bundle.sample.archive)\"\n"))
        #expect(text.contains("    k0sBinaryPath: \"k0s-v1.36.3+k0s.0-amd64\"\n"))
        let program = folder.appending("k0s-v1.36.3+k0s.0-amd64")
        #expect(try contents(of: program) == contents(of: K0sStandIn.program))
        #expect(FileManager.default.isExecutableFile(atPath: program.string))

        let again = try await bundle.place.sealift(arguments + ["--output", file.string])
        #expect(again.code == 73 && again.errors.contains("is there already"), "\(again.transcript)")
        let printed = try await bundle.place.sealift(arguments)
        #expect(printed.code == 0 && printed.output.contains("src: \"\(folder)/"), "\(printed.transcript)")
        let lost = try await bundle.place.sealift(arguments + ["--installer", "/nowhere/installer"])
        #expect(lost.code == 66, "\(lost.transcript)")
        let foreign = try await bundle.place.sealift(arguments + ["--platform", "linux/arm64"])
        #expect(foreign.code == 65 && foreign.errors.contains("no k0s for linux/arm64"), "\(foreign.transcript)")
    }

    @Test func wantsAKubernetes() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let run = try await bundle.place.sealift(["export", "k0sctl", bundle.archive.string, "--controller", "a"])
        #expect(run.code == 65 && run.errors.contains("brings no k0s"), "\(run.transcript)")
    }

    @Test(.enabled(if: Harbour.isAvailable, Comment(rawValue: Harbour.need)))
    func itsHooksBringTheImages() async throws {
        let harbour = try await Harbour()
        try await harbour.export(["--controller", "192.0.2.11"], to: "fleet")
        let log = try await harbour.run("k0sctl-hooks")
        for name in ["before", "twice", "install", "start", "after"] {
            #expect(log[name].status == 0, "\(name): \(log[name].output)")
        }
        #expect(log["after"].output.contains("2 of 2 images are on the node as harbour-1.0.0 says"))
        #expect(log["unit"].status != 0, "it has not failed")
    }
}
