import SystemPackage
import TestSupport
import Testing

/// That the machines of the other tests are what those take them for.
@Suite(.enabled(if: Machine.isAvailable, Comment(rawValue: Machine.need)))
struct MachineTests {
    @Test func hasSystemdAndNoWayOut() async throws {
        let data = TemporaryDirectory()
        try write(Array("aboard\n".utf8), to: data.file("cargo"))
        let run = try await Machine.namespaces.run(
            script: """
                cat /data/cargo
                systemctl is-system-running --wait
                ip -oneline link | cut -d: -f2
                ip route
                touch /data/cargo || exit 3
                """, data: data.path)
        #expect(run.status == 3, "\(run.output)")
        #expect(run.output.hasPrefix("aboard\nrunning\n lo\ntouch: "), "\(run.output)")
    }

    @Test func isFreshUnlessItsDiskIsKept() async throws {
        let data = TemporaryDirectory()
        let look = "cat /etc/mark /var/lib/mark; echo was here | tee /etc/mark >/var/lib/mark; kill -9 $$"
        let none = try await Machine.namespaces.run(script: look, data: data.path)
        #expect(none.output.contains("/etc/mark: No such file"), "\(none.output)")
        let kept = data.file("disk")
        let first = try await Machine.namespaces.run(script: look, data: data.path, disk: kept)
        #expect(first.output.contains("/etc/mark: No such file"), "\(first.output)")
        let second = try await Machine.namespaces.run(script: look, data: data.path, disk: kept)
        #expect(second.output == "was here\nwas here\n")
        #expect(second.status == 137)
    }

    @Test func endsWithItsTime() async throws {
        let data = TemporaryDirectory()
        let run = try await Machine.namespaces.run(
            script: "sleep infinity", data: data.path, timeout: .seconds(3))
        #expect(run.status == 124, "\(run.output)")
    }
}
