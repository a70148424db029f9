/// What k0sctl reads (apiVersion `k0sctl.k0sproject.io/v1beta1`, kind `Cluster`; its README, "Configuration file").
///
/// Images don't go through k0s' own folder for them: it takes only plain tar, forgets what failed, and imports all of it
/// again at every start (docs/decisions/0021). Instead each host gets the bundle and the installer, which imports. That
/// has to begin before k0sctl waits for nodes, which are not ready without their images: a unit of systemd tries until
/// containerd is there.
struct K0sctlDocument {
    /// The bundle's name.
    var name: String
    /// Of k0s: `v1.36.3+k0s.0`.
    var version: String
    var controllers: [FleetHost]
    var workers: [FleetHost]
    /// Of those that name none.
    var user: String
    var keyPath: String?
    /// Where k0sctl finds these, seen from the folder that it runs in.
    var program: String
    var bundle: String
    var installer: String
    /// The file's name on the hosts.
    var bundleName: String
    /// The bundle's k0s.yaml as it goes below `config:`, indented; `nil`: k0s' own defaults.
    var configuration: String?

    private static let folder = "/var/lib/sealift/media"
    private static let installerPath = "/usr/local/bin/sealift-installer"
    private static let socket = "/run/k0s/containerd.sock"
    private static let unit = "sealift-import"
    /// As a bundle's own installation has it: both ask servers on the internet for news.
    private static let disabled = "--disable-components=autopilot,update-prober"

    var text: String {
        var lines = [
            "# Made by sealift export k0sctl. Run k0sctl apply in the folder of this file.",
            "apiVersion: k0sctl.k0sproject.io/v1beta1", "kind: Cluster", "metadata:", "  name: \(quoted(name))",
            "spec:",
            "  hosts:",
        ]
        for host in controllers {
            lines += entry(host, role: "controller+worker")
            // Its pods may run here too: what the bundle installs by itself is such a node.
            lines += ["    noTaints: true", "    installFlags:", "    - \(quoted(Self.disabled))"]
        }
        for host in workers { lines += entry(host, role: "worker") }
        lines += ["  k0s:", "    version: \(quoted(version))", "    dynamicConfig: false"]
        if let configuration {
            lines += ["    config:", configuration.hasSuffix("\n") ? String(configuration.dropLast()) : configuration]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func entry(_ host: FleetHost, role: String) -> [String] {
        let user = host.user ?? user
        var lines = [
            "  - role: \(role)", "    ssh:", "      address: \(quoted(host.address))", "      user: \(quoted(user))",
            "      port: \(host.port ?? 22)",
        ]
        if let keyPath { lines.append("      keyPath: \(quoted(keyPath))") }
        // Found by the default route, which such a host may lack.
        if host.isNumeric { lines.append("    privateAddress: \(quoted(host.address))") }
        lines += ["    uploadBinary: true", "    k0sBinaryPath: \(quoted(program))", "    files:"]
        lines += file("bundle", bundle, to: "\(Self.folder)/\(bundleName)", mode: "0600")
        lines += file("installer", installer, to: Self.installerPath, mode: "0755")
        lines += ["    hooks:", "      apply:", "        before:"]
        let sudo = user == "root" ? "" : "sudo "
        lines.append("        - \(quoted(importing(sudo)))")
        lines.append("        after:")
        lines += verifying(sudo).map { "        - \(quoted($0))" }
        return lines
    }

    private func file(_ name: String, _ source: String, to target: String, mode: String) -> [String] {
        [
            "    - name: \(quoted(name))", "      src: \(quoted(source))", "      dst: \(quoted(target))",
            "      perm: \(quoted(mode))", "      dirPerm: \(quoted("0755"))",
        ]
    }

    /// While it waits for its next try, too, when 'is-active --quiet' says no.
    private static let isAtWork = "systemctl is-active \(unit) | grep -qx -e active -e activating"

    private func importing(_ sudo: String) -> String {
        let command = "\(Self.installerPath) import \(Self.folder)/\(bundleName) --address \(Self.socket)"
        return "\(Self.isAtWork) || \(sudo)systemd-run --unit=\(Self.unit) --collect "
            + "--property=Restart=on-failure --property=RestartSec=3 --property=StartLimitIntervalSec=0 \(command)"
    }

    private func verifying(_ sudo: String) -> [String] {
        [
            "while \(Self.isAtWork); do sleep 2; done",
            "\(sudo)\(Self.installerPath) verify \(Self.folder)/\(bundleName) --node --address \(Self.socket)",
        ]
    }

    /// A string of JSON is one of YAML, too (YAML 1.2.2, 1.3).
    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
