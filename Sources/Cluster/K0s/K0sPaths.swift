package import SystemPackage

/// Where k0s and what belongs to it is on a host.
package struct K0sPaths: Hashable, Sendable {
    /// The program.
    package var binary: FilePath = "/usr/local/bin/k0s"
    package var configuration: FilePath = "/etc/k0s/k0s.yaml"
    /// Never to be changed once k0s is installed.
    package var data: FilePath = "/var/lib/k0s"
    package var run: FilePath = "/run/k0s"
    /// A nameserver list of our own, for hosts whose own list is empty.
    package var resolvConf: FilePath = "/etc/k0s/resolv.conf"
    /// Where systemd's units of the host are.
    package var systemdUnits: FilePath = "/etc/systemd/system"
    /// Where OpenRC's services are.
    package var openrcServices: FilePath = "/etc/init.d"

    /// The places that k0s itself prefers.
    package init() {}

    /// The socket of the containerd that k0s runs.
    package var containerdSocket: FilePath { run.appending("containerd.sock") }

    /// The socket on which k0s tells its status.
    package var statusSocket: FilePath { run.appending("status.sock") }

    /// What a worker's kubelet reaches the API with: there once the node has joined.
    package var kubeletConf: FilePath { data.appending("kubelet.conf") }

    /// The authority whose certificates k0s believes; a worker has it from its token.
    package var authority: FilePath { data.appending("pki/ca.crt") }

    /// The administrator's kubeconfig.
    package var adminConf: FilePath { data.appending("pki/admin.conf") }
}
