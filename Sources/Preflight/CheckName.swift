internal import BundleFormat

/// The checks by their names, which scripts and `--waive` rely on: they never change.
package enum CheckName: String, Hashable, Sendable, Codable, CaseIterable {
    case root, architecture
    case kernelVersion = "kernel-version"
    case kernelConfig = "kernel-config"
    case kernelModules = "kernel-modules"
    case cgroup, libc
    case initSystem = "init-system"
    case tools, cpu, memory, swap, disk, inodes
    case fileSystems = "file-systems"
    case volatileData = "volatile-data"
    case ports, clock, hostname, localhost
    case defaultRoute = "default-route"
    case nodeAddress = "node-address"
    case controllerAddress = "controller-address"
    case nameServers = "name-servers"
    case networkOverlap = "network-overlap"
    case firewall, selinux, apparmor
    case otherKubernetes = "other-kubernetes"
    case maxMapCount = "max-map-count"
    case openFiles = "open-files"
    case inotify
    case k0sSysinfo = "k0s-sysinfo"

    /// The checks that `names` name; throws for the first that is none.
    package static func named(_ names: [String]) throws(PreflightError) -> Set<CheckName> {
        var found: Set<CheckName> = []
        for name in names {
            guard let check = CheckName(rawValue: name) else {
                throw .unknownCheck(name, known: allCases.map(\.rawValue))
            }
            found.insert(check)
        }
        return found
    }
}

/// Why preflight can't even start.
package enum PreflightError: Error, Hashable, Sendable {
    /// `--waive` names a check that there is not.
    case unknownCheck(String, known: [String])
}

extension PreflightError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownCheck(let name, let known):
            "can't waive check '\(name)': there is no such check; the checks are \(known.joined(separator: ", "))"
        }
    }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch self {
        case .unknownCheck(let name, let known): nearestName(to: name, among: known).map { "did you mean '\($0)'?" }
        }
    }
}
