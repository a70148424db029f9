internal import FoundationEssentials
internal import SystemPackage

/// `k0s sysinfo`: what k0s checks itself before it starts.
enum SysinfoCheck {
    /// One probe; k0s writes the names of Go's fields as they are (k0s 1.36, cmd/sysinfo).
    private struct Probe: Decodable {
        var name: String
        var property: String?
        var message: String?
        var category: String

        private enum CodingKeys: String, CodingKey {
            case name = "DisplayName"
            case property = "Prop"
            case message = "Message"
            case category = "Category"
        }

        var text: String {
            let details = [property, message].compactMap { $0 }.filter { !$0.isEmpty }
            return details.isEmpty ? name : "\(name): \(details.joined(separator: ", "))"
        }
    }

    static func run(_ needs: PreflightNeeds, _ options: PreflightOptions) async -> Finding {
        let need = "nothing rejected"
        guard needs.distribution == "k0s", options.purpose == .install else {
            return .skipped("there is no k0s in what is to be done")
        }
        guard let runK0s = options.runK0s else { return .skipped("no k0s at hand that could be asked") }
        let result: (status: Int32, output: String)
        do {
            var arguments = ["sysinfo", "--data-dir", options.dataDirectory.string, "-o", "json"]
            if case .worker = options.role { arguments.append("--controller=false") }
            result = try await runK0s(arguments)
        } catch {
            return .fail(
                "k0s can't be run: \(error)", need: need, remedy: "verify the bundle, and look at architecture")
        }
        let probes: [Probe]
        do {
            probes = try JSONDecoder().decode([Probe].self, from: Data(result.output.utf8))
        } catch {
            // k0s of 1.31 and older has no -o.
            return result.status == 0
                ? .pass("done, without details", need: need)
                : failure(result.status, result.output, need: need)
        }
        return finding(probes, status: result.status, need: need)
    }

    /// The host has no k0s yet that its operator could ask: what it said last is said here.
    private static func failure(_ status: Int32, _ output: String, need: String) -> Finding {
        let last = output.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(300))" } ?? ""
        return .fail(
            "k0s sysinfo ended with \(status)\(last)", need: need,
            remedy: "k0s itself can't tell whether it would start here; waive this only where the checks above pass")
    }

    private static func finding(_ probes: [Probe], status: Int32, need: String) -> Finding {
        let rejected = probes.filter { $0.category == "rejected" || $0.category == "error" }
        guard rejected.isEmpty else {
            return .fail(
                rejected.map(\.text).joined(separator: "; "), need: need,
                remedy: "k0s won't start like this; what is named here must be changed")
        }
        guard status == 0 else {
            return failure(status, "", need: need)
        }
        let warnings = probes.filter { $0.category == "warning" }
        guard warnings.isEmpty else {
            return .warn(
                warnings.map(\.text).joined(separator: "; "), need: need, remedy: "k0s starts, with fewer features")
        }
        return .pass("\(probes.count) probes", need: need)
    }
}
