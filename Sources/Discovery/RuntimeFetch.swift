/// What in a command would reach for the Internet.
enum RuntimeFetch {
    /// The URLs in `text` whose host is none of the cluster's own.
    static func all(in text: String) -> [String] {
        var found: [String] = []
        var rest = Substring(text)
        while let start = ["http://", "https://"].compactMap({ rest.firstIndex(of: $0) }).min() {
            let url = rest[start...].prefix { !" \t\n\"'`,;|&<>(){}[]\\".contains($0) }
            rest = rest[url.endIndex...]
            let authority = url.drop { $0 != "/" }.dropFirst(2).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
            let host = authority.split(separator: "@").last ?? ""
            if isExternal(String(host)) { found.append(String(url)) }
        }
        return found
    }

    /// A host outside the cluster and the machine. What a variable names can't be told, and is not reported.
    private static func isExternal(_ authority: String) -> Bool {
        guard !authority.hasPrefix("["), !authority.contains("$"), !authority.contains("%") else { return false }
        let host = authority.prefix { $0 != ":" }.lowercased()
        let labels = host.split(separator: ".")
        guard labels.count > 1, !labels.allSatisfy({ $0.allSatisfy(\.isNumber) }) else { return false }
        let isCluster =
            labels.last == "svc" || host.hasSuffix(".svc.cluster.local") || host.hasSuffix(".cluster.local")
            || labels.last == "localhost"
        // A Service may also be reached as NAME.NAMESPACE, but so is every site: only the longer forms are known.
        return !isCluster
    }

    private static let installers = [
        ["plugin", "install"], ["plugins", "install"], ["elasticsearch-plugin", "install"],
        ["confluent-hub", "install"],
        ["pip", "install"], ["pip3", "install"], ["npm", "install"], ["gem", "install"], ["go", "install"],
        ["apt", "install"], ["apt-get", "install"], ["apk", "add"], ["yum", "install"], ["dnf", "install"],
        ["git", "clone"], ["helm", "pull"], ["helm", "install"],
    ]

    /// The commands in `text` that install from the Internet unless told otherwise.
    static func commands(in text: String) -> [String] {
        var found: [String] = []
        for line in text.split(whereSeparator: { "\n;|&".contains($0) }) {
            let words = line.split(whereSeparator: { " \t\"'()".contains($0) })
                .map { String($0.split(separator: "/").last ?? $0) }
                .filter { !$0.hasPrefix("-") }
            let isLocal = line.contains("file:///") || line.contains("--no-index")
            guard !isLocal else { continue }
            for (first, second) in zip(words, words.dropFirst()) where installers.contains([first, second]) {
                found.append("\(first) \(second)")
            }
        }
        return found
    }

    /// Whether a variable lists plugins that a container's start script downloads.
    static func isPluginList(_ name: String) -> Bool {
        let name = name.uppercased()
        // Plugins that are in the image and are only switched on.
        guard !name.contains("BUILT_IN"), !name.contains("ENABLED") else { return false }
        return name.hasSuffix("_PLUGINS") || name == "GF_PLUGINS_PREINSTALL" || name == "GF_PLUGINS_PREINSTALL_SYNC"
    }
}

extension Substring {
    fileprivate func firstIndex(of text: String) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}
