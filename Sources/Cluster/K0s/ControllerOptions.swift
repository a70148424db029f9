package import SystemPackage

/// How a controller is installed.
package struct ControllerOptions: Hashable, Sendable {
    /// Which nodes the cluster will have.
    package enum Mode: Hashable, Sendable {
        /// This one node and never another.
        case single
        /// This node runs workloads, too, and others may join.
        case multiNode
    }

    package var mode: Mode
    /// `nil` lets k0s take its defaults.
    package var configuration: FilePath?
    /// The address that kubelet is to use; needed on a host without a default route.
    package var nodeAddress: String?
    /// The list of nameservers that pods get; `nil` takes the host's.
    package var resolvConf: FilePath?
    /// Both ask servers on the internet for news.
    package var disabledComponents = ["autopilot", "update-prober"]
    /// `nil` keeps k0s' own.
    package var dataDirectory: FilePath?
    /// Replaces a service that is installed already.
    package var force = false

    package init(_ mode: Mode) { self.mode = mode }

    /// The arguments for k0s.
    package var arguments: [String] {
        var arguments = ["install", "controller"]
        switch mode {
        case .single: arguments.append("--single")
        case .multiNode: arguments += ["--enable-worker", "--no-taints"]
        }
        if let configuration { arguments += ["--config", configuration.string] }
        if let dataDirectory { arguments += ["--data-dir", dataDirectory.string] }
        if !disabledComponents.isEmpty {
            arguments += ["--disable-components", disabledComponents.joined(separator: ",")]
        }
        arguments += kubeletArguments(nodeAddress: nodeAddress, resolvConf: resolvConf)
        if force { arguments.append("--force") }
        return arguments
    }
}

/// How a worker is installed.
package struct WorkerOptions: Hashable, Sendable {
    /// The file with the token that the controller made; `nil` for a node that has joined.
    package var tokenFile: FilePath?
    package var nodeAddress: String?
    package var resolvConf: FilePath?
    package var dataDirectory: FilePath?
    package var force = false

    package init(tokenFile: FilePath?) { self.tokenFile = tokenFile }

    /// The arguments for k0s.
    package var arguments: [String] {
        var arguments = ["install", "worker"]
        if let tokenFile { arguments += ["--token-file", tokenFile.string] }
        if let dataDirectory { arguments += ["--data-dir", dataDirectory.string] }
        arguments += kubeletArguments(nodeAddress: nodeAddress, resolvConf: resolvConf)
        if force { arguments.append("--force") }
        return arguments
    }
}

/// One argument, as k0s wants all of kubelet's in one.
private func kubeletArguments(nodeAddress: String?, resolvConf: FilePath?) -> [String] {
    var flags: [String] = []
    if let nodeAddress { flags.append("--node-ip=\(nodeAddress)") }
    if let resolvConf { flags.append("--resolv-conf=\(resolvConf)") }
    return flags.isEmpty ? [] : ["--kubelet-extra-args=\(flags.joined(separator: " "))"]
}
