package import SystemPackage

/// Where an installation keeps what it must remember, and what it puts onto the host beside Kubernetes.
package struct InstallerPaths: Hashable, Sendable {
    /// Readable by root only: it holds generated secrets.
    package var state: FilePath
    /// Held while a command changes the host; on a file system that a reboot empties.
    package var lock: FilePath

    /// The places on a real host.
    package static let host = InstallerPaths(state: "/var/lib/sealift", lock: "/run/sealift-installer.lock")

    package init(state: FilePath, lock: FilePath) {
        self.state = state
        self.lock = lock
    }

    /// One line for everything that was begun, finished or failed.
    var journal: FilePath { state.appending("journal.jsonl") }
    /// The values of the bundle's parameters, secrets among them.
    var parameters: FilePath { state.appending("parameters.json") }
    /// What is installed: ``InstalledRecord``.
    var record: FilePath { state.appending("installed.json") }
    /// The bundle's description, manifests and checks, so that `check` and `uninstall` need no archive.
    var bundle: FilePath { state.appending("bundle") }
    /// The bundle's extra files, for manifests to mount.
    var files: FilePath { state.appending("files") }
    /// A worker's token until the node has joined; on a file system that a reboot empties.
    var joinToken: FilePath { lock.removingLastComponent().appending("sealift-join-token") }
    /// What a kubectl learnt about a cluster that was there.
    var kubectlCache: FilePath { state.appending("kubectl-cache") }
    /// What `k0s backup` saved before upgrades, and the binaries that were replaced.
    var backups: FilePath { state.appending("backups") }
}
