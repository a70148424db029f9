import Definition
import Testing
import Yams

/// A JobManager and a TaskManager of the version that the bundle has, with the bundle's configuration.
@Suite(.enabled(if: FlinkRun.isAvailable, "\(FlinkRun.need)"))
struct FlinkTests {
    @Test func itComesUpWithTwoSlots() async throws {
        let run = try await FlinkRun.shared.value
        #expect(run.report.overview.taskmanagers == 1)
        #expect(run.report.overview.slots == 2)
        let pod = try #require(RenderedPlatform().object("Deployment", "flink-jobmanager")?.podSpec)
        let image = try #require(pod["containers"]?[0]?["image"]?.string)
        #expect(image.contains(":\(run.report.overview.version)-"))
    }

    @Test func managedMemoryIsThreeTenths() async throws {
        let memory = try await FlinkRun.shared.value.report.memory
        #expect(memory.totalProcessMemory == 1152 << 20)
        let share = Double(memory.managedMemory) / Double(memory.totalFlinkMemory)
        #expect(abs(share - 0.3) < 0.001)
    }

    @Test func aJobMakesCheckpointsAsConfigured() async throws {
        let run = try await FlinkRun.shared.value
        let checkpoints = run.report.checkpoints
        #expect(checkpoints.mode == "exactly_once")
        #expect(run.values["flinkCheckpointInterval"] == "\(checkpoints.interval / 1000)s")
        #expect(checkpoints.externalization.enabled && checkpoints.externalization.deleted)
        #expect(run.report.checkpoint.hasPrefix("file:\(run.folder)/checkpoints/"))
    }

    @Test func everyRecordedMetricIsThere() async throws {
        let recorded = try FlinkRun.recordedNames()
        #expect(recorded.count > 100)
        let served = Set(try await FlinkRun.shared.value.report.names)
        #expect(recorded.filter { !served.contains($0) } == [])
    }

    @Test func theSQLOfThePatternsIsSQL() async throws {
        let set = "SetOperation"
        let create = "CreateTableOperation"
        // Only the connectors are lacking here, which come with the bundle.
        #expect(
            try await FlinkRun.shared.value.report.parsed == [
                [set, set, set, create, create, "no connector kafka"],
                [set, set, set, set, create, create, "no connector kafka"],
                // The check's.
                [set, set, set, set, create, "no connector kafka"],
            ])
    }

    @Test func ordersBecomeSales() async throws {
        let run = try await FlinkRun.shared.value
        #expect(
            run.written["sales"] == [
                #"{"id":1,"customer":"Anna","amount":12.5,"size":"small","@timestamp":"2024-05-01T08:00:00"}"#,
                #"{"id":2,"customer":"Ben","amount":310,"size":"large","@timestamp":"2024-05-01T08:00:05"}"#,
                #"{"id":4,"customer":"Dora","amount":100,"size":"large","@timestamp":"2024-05-01T08:00:12"}"#,
                #"{"id":6,"customer":"Anna","amount":45.1,"size":"small","@timestamp":"2024-05-01T08:00:31"}"#,
            ])
    }

    @Test func threeHotReadingsBecomeAnAlert() async throws {
        let run = try await FlinkRun.shared.value
        let labels = #"{"alertname":"MachineOverheats","severity":"warning","machine":"press-1","run":"run-1"}"#
        let summary = "press-1 was above 90 degrees three times in a row, 95.5 at most"
        #expect(run.written["alerts"] == [#"{"labels":\#(labels),"annotations":{"summary":"\#(summary)"}}"#])
    }

    @Test func everyJobThatEndsEndsWell() async throws {
        #expect(try await FlinkRun.shared.value.report.states == ["FINISHED", "FINISHED", "FINISHED"])
    }

    @Test func logsAreWrittenAsConfigured() async throws {
        let line = try #require(try await FlinkRun.shared.value.report.log.split(separator: "\n").first)
        let form = #/\d{4}-\d\d-\d\dT\S+ INFO +o\.a\.f\.r\.e\.ClusterEntrypoint \[main\] .*/#
        #expect(line.wholeMatch(of: form) != nil, "\(line)")
    }
}
