import TestSupport
import Testing
import Yams

/// A Prometheus or an Alertmanager that runs on this machine.
struct PrometheusServer: Sendable {
    let port: Int
    /// The path before every other, as `/prometheus`.
    let prefix: String

    /// What a GET answers, whatever its status.
    func get(_ path: String, _ parameters: [(name: String, value: String)] = []) async throws -> String {
        let encoded = parameters.flatMap { ["--data-urlencode", "\($0.name)=\($0.value)"] }
        return try await Program.run("curl", ["-sS", "-G", "http://127.0.0.1:\(port)\(prefix)\(path)"] + encoded)
    }

    /// The part `data` of an answer of the API; fails the test with the answer where there is none.
    func data(_ path: String, _ parameters: [(name: String, value: String)] = []) async throws -> Node {
        let answer = try await get("/api/v1/" + path, parameters)
        let root = try #require(try Yams.compose(yaml: answer), "\(path): \(answer)")
        guard root["status"]?.string == "success", let data = root["data"] else { throw Refused(answer: answer) }
        return data
    }

    /// How many samples `expression` has now.
    func samples(of expression: String) async throws -> Int { try await values(of: expression).count }

    /// The samples that `expression` has now, without their labels.
    func values(of expression: String) async throws -> [Double] {
        let data = try await data("query", [("query", expression)])
        let result = try #require(data["result"]?.sequence)
        let texts =
            data["resultType"]?.string == "scalar" ? [result.last?.string] : result.map { $0["value"]?[1]?.string }
        return try texts.map { text in
            let text = try #require(text)
            return try #require(Double(text))
        }
    }

    /// The states of the targets, by job.
    func health() async throws -> [String: [String]] {
        let targets = try await data("targets", [("state", "active")])["activeTargets"]?.sequence ?? []
        return Dictionary(grouping: targets) { $0["scrapePool"]?.string ?? "" }
            .mapValues { $0.map { $0["health"]?.string ?? "" } }
    }

    /// What is wrong with the targets that are not up, by job.
    func complaints() async throws -> [String: [String]] {
        let targets = try await data("targets", [("state", "active")])["activeTargets"]?.sequence ?? []
        return Dictionary(grouping: targets.filter { $0["health"]?.string != "up" }) { $0["scrapePool"]?.string ?? "" }
            .mapValues { $0.map { $0["lastError"]?.string ?? "" } }
    }

    /// Prometheus refused what it was asked, such as an expression with an error.
    struct Refused: Error {
        let answer: String
    }
}
