import SystemPackage
import TestSupport
import Testing

/// A bundle on a medium that is mounted so that nothing on it can be run, or written.
@Suite(.enabled(if: Executables.canIsolate, Executables.isolationNeed))
struct MountTests {
    /// Mounts a medium with the installer and the bundle at `$work`, with `option`; the bundle's new path is `$bundle`.
    private func medium(_ option: String) -> String {
        """
        mount -t tmpfs none "$work" && cp "$installer" "$archive" "$work/" || exit 98
        mount -o "remount,\(option)" "$work" || exit 98
        bundle=$work/${archive##*/}

        """
    }

    @Test func nothingOnANoexecMountStarts() async throws {
        let bundle = try await PackedBundle(try .tiny())
        let run = try await bundle.isolated(medium("noexec") + #""$work/sealift-installer" --version"#)
        #expect(run.code == 126, "\(run.transcript)")
        #expect(run.errors.contains("Permission denied"))
    }

    @Test func preflightTellsOfANoexecMount() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        // /var/lib as it is: on a tmpfs preflight has something worse to say.
        let run = try await bundle.isolated(
            medium("noexec") + #""$installer" preflight "$bundle"; "$installer" verify "$bundle""#, keepsState: true)
        #expect(run.code == 0, "verify: \(run.transcript)")
        let place = bundle.place.file("work").appending(bundle.sample.archive)
        let line = run.lines.first { $0.hasPrefix("warn    file-systems ") }
        #expect(line?.contains(" \(place) is on a noexec mount") == true, "\(run.transcript)")
        #expect(run.output.contains("copy the installer to /usr/local/bin and run it from there"))
    }

    @Test(.enabled(if: ForeignCluster.isUsable, ForeignCluster.need), arguments: ["ro", "ro,noexec"])
    func installsFromAMountThatCanOnlyBeRead(_ option: String) async throws {
        let bundle = try await PackedBundle(try .tiny())
        try await ForeignCluster.with { arguments, _ in
            let script = """
                touch "$work/mark" 2>/dev/null && exit 97
                "$installer" inspect "$bundle" >/dev/null && "$installer" verify "$bundle" && cd "$work" &&
                "$installer" install "${archive##*/}" "$@" && "$installer" status
                """
            let run = try await bundle.isolated(medium(option) + script, arguments)
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.output.contains("ready    stage only: 1 objects"), "\(run.transcript)")
        }
    }
}
