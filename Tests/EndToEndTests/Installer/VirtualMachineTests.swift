import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The installer's whole life on a machine with a kernel of its own: cgroup version 2, and no network card.
@Suite(
    .enabled(if: Executables.areThere, Executables.need),
    .enabled(if: Machine.isAvailable, Comment(rawValue: Machine.need)))
struct VirtualMachineTests {
    /// One boot, since the machine's processors are slow: kubectl alone takes seconds to start.
    @Test func installsAndUninstallsFromAReadOnlyDisk() async throws {
        let bundle = try await PackedBundle(try .tiny(), hasKubernetes: true)
        let disk = bundle.place.file("disk")
        try FileManager.default.createDirectory(atPath: disk.string, withIntermediateDirectories: true)
        for file in [bundle.archive, Executables.installer] {
            try FileManager.default.copyItem(
                atPath: file.string, toPath: disk.appending(file.lastComponent?.string ?? "").string)
        }
        let settings = bundle.place.file("settings.json")
        try write(#"{"require_system_images": false}"#.utf8, to: settings)
        let script = """
            cd /root
            bundle=/data/\(bundle.sample.archive)
            run() {
                local start code=0
                start=$(cut -d. -f1 /proc/uptime)
                /data/sealift-installer "$@" >log 2>&1 || code=$?
                echo "$1 $2: $code after $(($(cut -d. -f1 /proc/uptime) - start)) s" | sed 's|/data/[^ :]*|BUNDLE|'
                sed 's/^/    /' log
            }
            ls /sys/class/net
            stat -f -c %T /sys/fs/cgroup
            touch /data/mark 2>/dev/null && echo writable
            run preflight "$bundle" --dummy-route
            run install "$bundle" --dummy-route
            run verify "$bundle"
            run verify --node "$bundle"
            run status --format=text
            run uninstall --yes
            run status --format=json
            find /sys/class/net /usr/local/bin /var/lib/sealift -mindepth 1
            """
        let run = try await Machine.virtual.run(
            script: script, data: disk, copies: K0sStandIn.copies(settings: settings), timeout: .seconds(900))
        let lines = run.output.split(separator: "\n").map(String.init)
        let steps = lines.filter { !$0.hasPrefix(" ") && $0.contains(" after ") }
        print("in the guest: " + steps.joined(separator: ", "))
        let codes = steps.map { String($0.prefix { $0 != ":" }) + $0.drop { $0 != ":" }.prefix { $0 != "a" } }
        #expect(lines.prefix(2) == ["lo", "cgroup2fs"], "\(run.output)")
        #expect(!lines.contains("writable"))
        #expect(
            codes == [
                "preflight BUNDLE: 0 ", "install BUNDLE: 0 ", "verify BUNDLE: 0 ", "verify --node: 0 ",
                "status --format=text: 0 ", "uninstall --yes: 0 ", "status --format=json: 66 ",
            ], "\(run.output)")
        #expect(run.output.contains("ready    stage only: 1 objects"), "\(run.output)")
        #expect(run.output.contains("1 of 1 images are on the node as tiny-1.0.0 says"), "\(run.output)")
        #expect(run.output.contains("nothing is installed here"), "\(run.output)")
        // The values of the bundle's parameters stay with its data.
        #expect(lines.suffix(2) == ["/sys/class/net/lo", "/var/lib/sealift/parameters.json"], "\(run.output)")
        #expect(run.status == 0)
    }
}
