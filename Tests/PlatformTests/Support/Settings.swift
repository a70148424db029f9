import Yams

/// What a workload's containers are told, wherever it is told: variables, arguments, mounted files.
extension ObjectGraph {
    /// Whether `workload` is given `key` with `value`: as a variable, as `KEY=VALUE` in its command, or as a line
    /// `KEY: VALUE` or `KEY=VALUE` of a ConfigMap that it mounts.
    func setting(_ key: String, is value: String, of workload: String) -> Bool {
        values(of: key, of: workload) == [value]
    }

    /// All values that `workload` is given for `key`, each once.
    func values(of key: String, of workload: String) -> Set<String> {
        Set(
            pods.filter { $0.object.isLongRunning && $0.object.name == workload }.flatMap { pod -> [String] in
                let maps = pod.volumes.flatMap { [$0] + ($0["projected"]?["sources"]?.items ?? []) }
                    .compactMap { $0["configMap"]?["name"]?.string }
                let lines = maps.compactMap { object("ConfigMap", $0) }.flatMap { map in
                    strings(map["data"]).values.flatMap { $0.split(separator: "\n") }
                }
                let words = pod.containers.flatMap(\.words)
                return pod.containers.compactMap { $0.environment[key] }
                    + (words[...].map { $0[...] } + lines).compactMap { Self.value(of: key, in: $0) }
            })
    }

    private static func value(of key: String, in line: Substring) -> String? {
        let text = line.trimmed
        for separator in ["=", ": "] where text.hasPrefix(key + separator) {
            let value = text.dropFirst(key.count + separator.count).trimmed
            return value.split(separator: "\"").joined()
        }
        return nil
    }
}
