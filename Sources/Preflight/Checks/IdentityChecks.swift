/// The rules about the host's time and name.
let identityRules: [CheckRule] = [
    CheckRule(.clock, "the clock", .workloads, checkClock),
    CheckRule(.hostname, "the host's name", .kubernetes, checkHostname),
    CheckRule(.localhost, "the name localhost", .kubernetes, checkLocalhost),
]

/// 2026-01-01: no bundle was made before.
private let earliest: Int64 = 1_767_225_600
/// Twenty years: certificates that are made now would end before anybody's calendar says so.
private let latestSpan: Int64 = 20 * 365 * 86400
/// A clock that is set from the hardware at boot jumps by this much; tokens and certificates don't mind less.
private let tolerableDrift: Int64 = 300

@Sendable private func checkClock(_ context: CheckContext) -> Finding {
    let now = context.host.now
    let start = max(earliest, context.needs.created ?? earliest)
    let need = "after \(Timestamp.text(start))"
    let remedy = "set it: date -u -s 'YYYY-MM-DD HH:MM', then hwclock --systohc"
    guard now >= start else { return .fail(Timestamp.text(now), need: need, remedy: remedy) }
    guard now - start < latestSpan else {
        return .fail("\(Timestamp.text(now)), twenty years after the bundle", need: need, remedy: remedy)
    }
    // A hardware clock in local time is off by its zone, and systemd knows.
    let isLocal = context.host.lines("/etc/adjtime").dropFirst(2).first == "LOCAL"
    if let hardware = context.host.number("/sys/class/rtc/rtc0/since_epoch"), !isLocal,
        abs(hardware - now) > tolerableDrift
    {
        return .warn(
            "\(Timestamp.text(now)), the hardware clock \(Timestamp.text(hardware))", need: need,
            remedy: "certificates may be invalid after a reboot; set the hardware clock: hwclock --systohc")
    }
    return .pass(Timestamp.text(now), need: need)
}

@Sendable private func checkHostname(_ context: CheckContext) -> Finding {
    let need = "lower-case letters, digits, '-' and '.', not localhost"
    let name = context.host.word("/proc/sys/kernel/hostname") ?? ""
    let remedy = "set it before the installation, as it can't be changed after: hostnamectl set-hostname NAME"
    guard !["", "(none)", "localhost", "localhost.localdomain"].contains(name), isHostname(name.lowercased()) else {
        return .fail("'\(name)'", need: need, remedy: remedy)
    }
    guard name == name.lowercased() else {
        return .warn("'\(name)'", need: need, remedy: "Kubernetes will call the node '\(name.lowercased())'; \(remedy)")
    }
    // A node's name is also the value of its label kubernetes.io/hostname.
    guard name.utf8.count <= 63 else { return .warn("'\(name)'", need: "at most 63 characters", remedy: remedy) }
    return .pass(name, need: need)
}

/// Labels of letters, digits and inner dashes (RFC 1123, 2.1), 253 characters in all.
private func isHostname(_ name: String) -> Bool {
    name.utf8.count <= 253
        && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }
        }
}

@Sendable private func checkLocalhost(_ context: CheckContext) -> Finding {
    let need = "a loopback address in /etc/hosts"
    // k0s is a static program without the system's name service: /etc/hosts is all that it asks without a name server.
    for line in context.host.lines("/etc/hosts") {
        let fields = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
        guard fields.dropFirst().contains("localhost"), let address = IPAddress(fields[0]) else { continue }
        guard address.isLoopback else {
            return .fail(
                "localhost is \(address)", need: need, remedy: "correct the line of localhost in /etc/hosts: 127.0.0.1")
        }
        return .pass("\(address)", need: need)
    }
    return .fail("not in /etc/hosts", need: need, remedy: "echo '127.0.0.1 localhost' >> /etc/hosts")
}
