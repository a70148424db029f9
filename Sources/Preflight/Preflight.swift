internal import Threads

/// Looks whether a host is fit for a bundle, and changes nothing on it.
package enum Preflight {
    /// Makes every check that makes sense for what is to be done.
    ///
    /// Reads files only; no socket is opened and nothing is run but what `options.sysinfo` runs.
    package static func run(_ needs: PreflightNeeds, _ options: PreflightOptions) async -> PreflightReport {
        var checks: [PreflightReport.Check] = await onThread("preflight") { Self.checks(needs, options) }
        checks.append(await sysinfo(needs, options))
        return PreflightReport(checks: checks)
    }

    /// What k0s itself finds.
    static func sysinfo(_ needs: PreflightNeeds, _ options: PreflightOptions) async -> PreflightReport.Check {
        check(.k0sSysinfo, "what k0s itself checks", await SysinfoCheck.run(needs, options), options)
    }

    /// All checks but those that a program makes, or only those in `names`, in the order in which they are reported.
    static func checks(
        _ needs: PreflightNeeds, _ options: PreflightOptions, only names: Set<CheckName>? = nil
    ) -> [PreflightReport.Check] {
        let context = CheckContext(needs, options)
        return rules.filter { names?.contains($0.name) != false }.map { rule in
            let reason = context.reasonToSkip(rule.scope)
            return check(rule.name, rule.title, reason.map { .skipped($0) } ?? rule.check(context), options)
        }
    }

    private static func check(
        _ name: CheckName, _ title: String, _ finding: Finding, _ options: PreflightOptions
    ) -> PreflightReport.Check {
        PreflightReport.Check(
            name: name, title: title, status: finding.status, measured: printable(finding.measured),
            need: printable(finding.need), remedy: finding.remedy.map { printable($0, keeping: "\n") },
            waived: finding.status == .fail && options.waived.contains(name))
    }

    /// `text` without characters that could move the cursor of root's terminal: any user names processes, any bundle
    /// its workloads.
    private static func printable(_ text: String, keeping kept: Unicode.Scalar? = nil) -> String {
        text.unicodeScalars.map { scalar in
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            return isControl && scalar != kept ? scalar.escaped(asASCII: true) : String(scalar)
        }.joined()
    }

    private static let rules: [CheckRule] =
        hostRules + kernelRules + capacityRules + storageRules + portRules + identityRules + networkRules
        + securityRules + neighbourRules + limitRules
}
