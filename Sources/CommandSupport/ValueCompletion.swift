package import BundleFormat

/// What a shell offers for `--set` and `--profile`, once the command line names a bundle.
package struct ValueCompletion: Sendable {
    private let parameters: [Parameter]
    private let profiles: [String]

    package init(parameters: [Parameter], profiles: [String]) {
        self.parameters = parameters
        self.profiles = profiles
    }

    /// What `--set` can go on with: names, and behind one the values that it takes, where these are few.
    package func assignments(for prefix: String) -> [String] {
        guard let equals = prefix.firstIndex(of: "=") else {
            return parameters.filter { !$0.isFrozen }.map { $0.name + "=" }
        }
        let name = prefix[..<equals]
        guard let parameter = parameters.first(where: { $0.name == name }) else { return [] }
        let values = parameter.choices ?? (parameter.kind == .boolean ? ["true", "false"] : [])
        return values.map { "\(name)=\($0)" }
    }

    /// What `--profile` can go on with, behind those that stand there already.
    package func profileNames(for prefix: String) -> [String] {
        let before = prefix.lastIndex(of: ",").map { prefix[...$0] } ?? ""
        let chosen = Set(before.split(separator: ",").map(String.init))
        return profiles.filter { !chosen.contains($0) }.sorted().map { before + $0 }
    }
}
