import Definition
import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Yams

/// One run of a real Flink with the bundle's configuration; see `Scripts/flink.py`.
struct FlinkRun: Sendable {
    /// What the script tells.
    struct Report: Decodable, Sendable {
        struct Overview: Decodable, Sendable {
            let taskmanagers: Int
            let slots: Int
            let version: String

            enum CodingKeys: String, CodingKey {
                case taskmanagers
                case slots = "slots-total"
                case version = "flink-version"
            }
        }

        struct Memory: Decodable, Sendable {
            let totalFlinkMemory: Int64
            let totalProcessMemory: Int64
            let managedMemory: Int64
        }

        struct Checkpoints: Decodable, Sendable {
            struct Externalization: Decodable, Sendable {
                let enabled: Bool
                let deleted: Bool

                enum CodingKeys: String, CodingKey {
                    case enabled
                    case deleted = "delete_on_cancellation"
                }
            }

            let mode: String
            let interval: Int
            let externalization: Externalization
        }

        let parsed: [[String]]
        let overview: Overview
        let memory: Memory
        let states: [String]
        let checkpoints: Checkpoints
        let checkpoint: String
        let names: [String]
        let log: String
    }

    private struct Plan: Encodable {
        let rest: Int
        let metrics: [Int]
        let names: [String]
        let parse: [[String]]
        let run: [[String]]
        let stream: [String]
    }

    /// The values of the parameters.
    let values: [String: String]
    let report: Report
    /// What a table that was written got, sorted.
    let written: [String: [String]]
    /// Where the run was; gone by now.
    let folder: String

    static let home = ProcessInfo.processInfo.environment["SEALIFT_FLINK"].map { FilePath($0) }
    static let isAvailable = home != nil && Program.isInstalled("java") && Program.isInstalled("python3")
    static let need = "needs java, python3 and $SEALIFT_FLINK; see scripts/fetch-test-parts"

    /// The patterns that have Flink SQL, with the table that they read and the file that it has as a sample.
    static let patterns = [
        (name: "pattern-etl", sql: "etl.sql", source: "orders", sample: "orders.jsonl", sink: "sales"),
        (name: "pattern-events", sql: "events.sql", source: "readings", sample: "readings.jsonl", sink: "alerts"),
    ]

    /// The run that the tests look at: the profile `small`, so that it fits beside them.
    static let shared = Task { try await FlinkRun(profile: "small") }

    init(profile: String) async throws {
        let work = TemporaryDirectory()
        let platform = try RenderedPlatform(profile: profile)
        let ports = try Self.prepare(platform, in: work.path)
        var parse: [[String]] = []
        var run: [[String]] = []
        for pattern in Self.patterns {
            let sql = FlinkSQL(try platform.config(pattern.name, pattern.sql), run: "run-1")
            parse.append(sql.statements)
            run.append(sql.onFiles(in: work.path.string).statements)
            let sample = try platform.config(pattern.name, pattern.sample)
            try write(sample.utf8, to: work.file(pattern.source).appending("sample"))
        }
        run.append(try Self.sql(of: "check-processing-function-flink", in: platform))
        parse.append(try Self.sql(of: "check-processing-integration-flink", in: platform))
        let plan = Plan(
            rest: ports.rest, metrics: ports.metrics, names: try Self.recordedNames(), parse: parse, run: run,
            stream: Self.stream)
        try write(JSONEncoder().encode(plan), to: work.file("plan.json"))
        report = try JSONDecoder().decode(Report.self, from: Data(await Self.run(in: work.path).utf8))
        written = try Dictionary(
            uniqueKeysWithValues: Self.patterns.map { ($0.sink, try Self.lines(below: work.file($0.sink))) })
        folder = work.path.string
        values = platform.values
    }

    /// A window over what comes all the time: it has state, a watermark of its own and two tasks.
    private static let stream = [
        "SET 'pipeline.name' = 'stream'",
        """
        CREATE TEMPORARY TABLE numbers (n INT, seen AS PROCTIME()) WITH (
            'connector' = 'datagen', 'rows-per-second' = '50', 'fields.n.min' = '1', 'fields.n.max' = '9')
        """,
        "CREATE TEMPORARY TABLE nowhere (n INT, c BIGINT, w TIMESTAMP(3)) WITH ('connector' = 'blackhole')",
        """
        INSERT INTO nowhere SELECT n, COUNT(*), window_end
        FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(seen), INTERVAL '1' SECOND))
        GROUP BY n, window_start, window_end
        """,
    ]

    /// The SQL that a Job writes to a file of its own.
    private static func sql(of job: String, in platform: RenderedPlatform) throws -> [String] {
        let containers = platform.object("Job", job)?.podSpec?["initContainers"]?.sequence ?? []
        let scripts = containers.compactMap { $0["command"]?.sequence?.last?.string }
        let texts = scripts.compactMap { $0.firstMatch(of: #/<<EOF\n(?<sql>[^\x00]*?\n)EOF\n/#).map { String($0.sql) } }
        guard let text = texts.first else { throw RenderedPlatform.NoSuchKey(name: job, key: "<<EOF") }
        return FlinkSQL(text.replacing("$RUN", with: job), run: "").statements
    }

    /// What has to be another way outside a container, and nothing more: addresses, ports and folders.
    static func changes(work: String, ports: [Int], metrics: Int) -> [String: String] {
        [
            "jobmanager.rpc.address": "127.0.0.1", "jobmanager.bind-host": "127.0.0.1", "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1", "taskmanager.bind-host": "127.0.0.1",
            "jobmanager.rpc.port": "\(ports[0])", "blob.server.port": "\(ports[1])", "rest.port": "\(ports[2])",
            "taskmanager.rpc.port": "\(ports[3])", "metrics.reporter.prom.port": "\(metrics)",
            "io.tmp.dirs": "\(work)/tmp", "web.upload.dir": "\(work)/tmp/upload",
            "state.checkpoints.dir": "file://\(work)/checkpoints",
            "state.savepoints.dir": "file://\(work)/checkpoints/savepoints",
        ]
    }

    /// Writes both processes' configuration folders.
    private static func prepare(_ platform: RenderedPlatform, in work: FilePath) throws -> (rest: Int, metrics: [Int]) {
        let settings = FlinkSettings(text: try platform.config("flink-config", "flink-conf.yaml"))
        let all = Daemons.freePorts(6)
        for (role, metrics) in [("jobmanager", all[4]), ("taskmanager", all[5])] {
            let changed = try settings.with(changes(work: work.string, ports: all, metrics: metrics))
            try write(changed.text.utf8, to: work.appending(role).appending("flink-conf.yaml"))
            for key in ["log4j-console.properties", "log4j-cli.properties"] {
                let text = try platform.config("flink-config", key)
                try write(text.utf8, to: work.appending(role).appending(key))
            }
        }
        return (all[2], [all[4], all[5]])
    }

    private static func run(in work: FilePath) async throws -> String {
        let script = FilePath("\(#filePath)").removingLastComponent().appending("Scripts/flink.py")
        let arguments = ["-B", script.string, home?.string ?? "", work.string]
        let result = try await Subprocess.run(
            .name("python3"), arguments: Arguments(arguments), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else { throw Failed(output: result.standardError) }
        return result.standardOutput
    }

    struct Failed: Error {
        let output: String
    }

    /// The metrics that the fixture names.
    static func recordedNames() throws -> [String] {
        let fixture = FilePath("\(#filePath)").removingLastComponent()
            .appending("Fixtures/expositions/flink.prom")
        let text = String(decoding: try contents(of: fixture), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            line.hasPrefix("# TYPE ") ? line.split(separator: " ").dropFirst(2).first.map(String.init) : nil
        }
    }

    private static func lines(below folder: FilePath) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.string)
            .flatMap { try String(decoding: contents(of: folder.appending($0)), as: UTF8.self).split(separator: "\n") }
            .map(String.init).sorted()
    }
}

extension RenderedPlatform {
    /// The text under `key` of a ConfigMap; throws where there is none.
    func config(_ name: String, _ key: String) throws -> String {
        guard let text = text(ofConfigMap: name, key: key) else { throw NoSuchKey(name: name, key: key) }
        return text
    }

    struct NoSuchKey: Error {
        let name: String
        let key: String
    }
}
