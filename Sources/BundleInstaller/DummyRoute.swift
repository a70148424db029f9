internal import BundleFormat
internal import Preflight
internal import Processes
internal import SystemPackage

/// An interface that leads nowhere, for a host that has no address of its own.
///
/// Kubernetes wants a node address, and kube-proxy a default route; packets that take this one are dropped. A systemd
/// unit makes it again at every boot, before k0s starts.
struct DummyRoute: Sendable {
    /// The address that the node gets: of TEST-NET-3 (RFC 5737), which nobody uses.
    static let address = "203.0.113.254"
    private static let gateway = "203.0.113.255"
    static let interface = "sealift0"
    private static let unitName = "sealift-dummy-route.service"
    static let unit = FilePath("/etc/systemd/system").appending(unitName)

    init() {}

    /// Throws where no systemd runs that could make it, before anything is changed.
    func mustBePossible() throws(InstallError) {
        guard !Host.current.hasSystemd else { return }
        throw .step(
            name: "dummy-route", reason: "a unit of systemd makes it, and systemd doesn't run here",
            hint: "leave --dummy-route out, and make an address and a default route as the check default-route says")
    }

    /// The unit's text. Each command may find its work done: by an earlier boot of it, or by hand.
    static let unitText = """
        # Made by sealift-installer --dummy-route: this host has no address that Kubernetes could use.
        [Unit]
        Description=An address and a default route that lead nowhere
        Before=k0scontroller.service k0sworker.service
        Wants=network-pre.target
        After=network-pre.target

        [Service]
        Type=oneshot
        RemainAfterExit=yes
        ExecStart=-ip link add \(interface) type dummy
        # Not every kernel has dummy interfaces; one end of a cable that is plugged into itself does as well.
        ExecStart=-ip link add \(interface) type veth peer name \(interface)-end
        ExecStart=-ip link set \(interface)-end up
        ExecStart=ip address replace \(address)/31 dev \(interface)
        ExecStart=ip link set \(interface) up
        ExecStart=ip route replace default via \(gateway) dev \(interface) metric 1000
        ExecStop=-ip link delete \(interface)

        [Install]
        WantedBy=multi-user.target

        """

    /// Writes the unit and starts it, now and at every boot. Doing it again is fine.
    func make() async throws {
        try DurableFile.write(Self.unitText.utf8, to: Self.unit)
        try await systemctl(["daemon-reload"])
        try await systemctl(["enable", "--now", Self.unitName])
    }

    /// Whether ``make()`` was done here.
    func isMade() throws -> Bool {
        try StateFile.read(Self.unit).map { $0.elementsEqual(Self.unitText.utf8) } ?? false
    }

    /// Takes the interface and the unit away.
    func remove() async throws {
        guard try StateFile.read(Self.unit) != nil else { return }
        // Where making it was cut off, systemd may not have read the unit yet, and would refuse to stop it.
        try await systemctl(["daemon-reload"])
        try await systemctl(["disable", "--now", Self.unitName])
        try StateFile.remove(Self.unit)
        try await systemctl(["daemon-reload"])
    }

    private func systemctl(_ arguments: [String]) async throws {
        let outcome = try await ChildProcess.run(.name("systemctl"), arguments, timeout: .seconds(60))
        guard outcome.succeeded else {
            throw InstallError.step(
                name: "dummy-route",
                reason:
                    "systemctl \(arguments.joined(separator: " ")): \(outcome.status): \(outcome.lastErrorLine ?? "")",
                hint: "'journalctl -u \(Self.unitName)' tells more; the ip program must be there")
        }
    }
}
