/// The rules about what guards the host.
let securityRules: [CheckRule] = [
    CheckRule(.firewall, "the firewall", .kubernetes, checkFirewall),
    CheckRule(.selinux, "SELinux", .kubernetes, checkSELinux),
    CheckRule(.apparmor, "AppArmor", .kubernetes, checkAppArmor),
]

@Sendable private func checkFirewall(_ context: CheckContext) -> Finding {
    let need = "none, or pods and services let through"
    let pods = context.needs.podCIDR
    let services = context.needs.serviceCIDR
    if context.processes["firewalld"] != nil {
        return .warn(
            "firewalld is active", need: need,
            remedy: """
                firewall-cmd --permanent --zone=trusted --add-source=\(pods) --add-source=\(services)
                firewall-cmd --permanent --add-masquerade; firewall-cmd --reload
                """)
    }
    if context.host.lines("/etc/ufw/ufw.conf").contains(where: { $0.lowercased() == "enabled=yes" }) {
        return .warn(
            "ufw is enabled", need: need,
            remedy: "ufw allow from \(pods); ufw allow from \(services); ufw default allow routed")
    }
    return .pass("neither firewalld nor ufw", need: need)
}

@Sendable private func checkSELinux(_ context: CheckContext) -> Finding {
    let need = "off, permissive, or with container-selinux"
    guard let mode = context.host.word("/sys/fs/selinux/enforce") else { return .pass("off", need: need) }
    guard mode == "1" else { return .pass("permissive", need: need) }
    let store = "/etc/selinux/targeted/contexts/files"
    let hasPolicy =
        context.host.exists("/var/lib/selinux/targeted/active/modules/200/container")
        || context.host.exists("/usr/share/selinux/packages/container.pp.bz2")
        || context.host.text("\(store)/file_contexts")?.contains("container_runtime_exec_t") == true
    let labels = """
        semanage fcontext -a -t container_runtime_exec_t '/var/lib/k0s/bin(/.*)?'
        semanage fcontext -a -t container_var_lib_t '/var/lib/k0s/containerd(/.*)?'; restorecon -R /var/lib/k0s
        """
    return .warn(
        hasPolicy ? "enforcing, with container-selinux" : "enforcing, without container-selinux", need: need,
        remedy: (hasPolicy ? "" : "install the package container-selinux from your distribution's medium, then:\n")
            + labels)
}

@Sendable private func checkAppArmor(_ context: CheckContext) -> Finding {
    let need = "off, or with apparmor_parser"
    guard context.host.word("/sys/module/apparmor/parameters/enabled") == "Y" else { return .pass("off", need: need) }
    guard context.host.hasProgram("apparmor_parser") else {
        return .warn(
            "on, without apparmor_parser", need: need,
            remedy: "containers can't get their profile; install the package apparmor from your distribution's medium")
    }
    return .pass("on", need: need)
}
