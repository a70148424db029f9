import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import BundleInstaller

/// What happened, in its order; written from any thread.
final class Record<Element: Sendable>: Sendable {
    private let elements = Lock<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func add(_ element: Element) { elements.withLock { $0.append(element) } }
}

@Suite struct ImageCountTests {
    @Test func countsImagesAndNotNames() {
        let images = ImageCount([["a:1", "a@1"], ["b:1", "b@1"], ["c@1"]], lacking: ["a:1", "a@1", "b:1"])
        var texts = [images.text]
        for name in ["a@1", "b:1", "a:1", "a:1"] {
            images.add(name)
            texts.append(images.text)
        }
        #expect(texts == [1, 1, 2, 3, 3].map { "\($0) of 3 images" })
    }
}

@Suite struct StepRunnerTests {
    private struct Broken: Error {}

    /// Runs steps on the journal at `path`; returns the names of those that were performed, and the events' short forms.
    private func run(_ path: FilePath, _ steps: (Record<String>) -> [Step]) async throws -> [String] {
        let performed = Record<String>()
        try await StepRunner(journal: Journal(at: path), report: { _ in }).run(steps(performed))
        return performed.all
    }

    private func step(
        _ name: String, _ inputs: [String] = [], repeated: Bool = false, holds: Bool = true, in record: Record<String>
    ) -> Step {
        Step(name, title: name, inputs: inputs, isRepeated: repeated) {
            holds
        } perform: {
            record.add(name)
        }
    }

    @Test func performsOnlyWhatIsNotDoneOrNoMoreThere() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal")
        func again(_ input: String = "1", holds: Bool = true) async throws -> [String] {
            try await run(path) {
                [step("a", [input], in: $0), step("b", holds: holds, in: $0), step("c", repeated: true, in: $0)]
            }
        }
        #expect(try await again() == ["a", "b", "c"])
        #expect(try await again() == ["c"])
        #expect(try await again("2") == ["a", "c"], "other inputs")
        #expect(try await again("2", holds: false) == ["b", "c"], "the result is gone")
        #expect(try await again("1") == ["a", "c"], "inputs of before the last time")
    }

    @Test func inputsThatRunTogetherDiffer() {
        #expect(Step.inputs(["ab", "c"]) != Step.inputs(["a", "bc"]))
        #expect(Step.inputs(["a"]) != Step.inputs(["a", ""]))
    }

    @Test func numbersAndTellsWhatItDoes() async throws {
        let directory = TemporaryDirectory()
        let events = Record<String>()
        let runner = StepRunner(journal: try Journal(at: directory.file("journal"))) { event in
            switch event {
            case .began(let step, _, let number, let count): events.add("\(step) \(number)/\(count)")
            case .finished(let step, _): events.add("\(step) done")
            default: events.add("other")
            }
        }
        let none = Record<String>()
        try await runner.run([step("a", in: none), step("b", in: none)], from: 2)
        #expect(events.all == ["a 2/3", "a done", "b 3/3", "b done"])
    }

    @Test func aFailureIsJournalledWithoutSecretsAndStopsTheRest() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal")
        let events = Record<String>()
        let performed = Record<String>()
        let runner = StepRunner(journal: try Journal(at: path), secrets: Secrets(["hunter22"])) { event in
            if case .failed(let step, let reason) = event { events.add("\(step): \(reason)") }
        }
        let failing = Step("b", title: "b", inputs: []) {
            throw InstallError.step(name: "x", reason: "password hunter22 refused", hint: "another")
        }
        await #expect {
            try await runner.run([step("a", in: performed), failing, step("c", in: performed)])
        } throws: { error in
            guard case .step("b", "password [removed] refused", "another", nil) = error as? InstallError else {
                return false
            }
            return true
        }
        #expect(performed.all == ["a"])
        #expect(events.all == ["b: password [removed] refused"])
        let entries = try Journal.read(path)
        #expect(entries.map(\.event) == [.begun, .finished, .begun, .failed])
        #expect(entries.last?.reason == "password [removed] refused")
    }

    @Test func aFailureKeepsItsCause() async throws {
        let directory = TemporaryDirectory()
        let runner = StepRunner(journal: try Journal(at: directory.file("journal"))) { _ in }
        await #expect {
            try await runner.run([Step("a", title: "a", inputs: []) { throw Broken() }])
        } throws: { error in
            if case .step("a", _, nil, let cause) = error as? InstallError { cause is Broken } else { false }
        }
    }

    @Test func aStepThatCannotSayWhetherItHoldsHasFailed() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal")
        let record = Record<String>()
        _ = try await run(path) { [step("a", in: $0)] }
        let asking = Step("a", title: "a", inputs: []) {
            throw Broken()
        } perform: {
            record.add("a")
        }
        await #expect(throws: InstallError.self) {
            try await StepRunner(journal: Journal(at: path), report: { _ in }).run([asking])
        }
        #expect(record.all.isEmpty)
        #expect(try await run(path) { [step("a", in: $0)] } == ["a"], "it is not taken for done the next time")
    }

    /// A plan asks whether what was done is there still; what nobody can say counts as gone.
    @Test func aPlanLooksWhetherWhatWasDoneIsThere() async throws {
        let inputs = Step.inputs(["1"])
        let entries = [
            JournalEntry(.begun, step: "a", inputs: inputs), JournalEntry(.finished, step: "a", inputs: inputs),
        ]
        func isDone(
            _ name: String, _ holds: Bool?, input: String = "1", isRepeated: Bool = false
        ) async throws -> Bool {
            let step = Step(name, title: name, inputs: [input], isRepeated: isRepeated) {
                guard let holds else { throw InstallError.busy(pid: nil) }
                return holds
            } perform: {
                Issue.record("a plan does nothing")
            }
            return try await step.isDone(by: entries)
        }
        #expect(try await isDone("a", true))
        #expect(try await !isDone("a", false))
        #expect(try await !isDone("a", nil))
        #expect(try await !isDone("b", nil), "never done, whatever can't be asked")
        #expect(try await !isDone("a", true, input: "2"), "with other inputs")
        #expect(try await !isDone("a", true, isRepeated: true))
    }

    @Test func cancellationLeavesTheStepBegun() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("journal")
        let sleeping = Record<Bool>()
        let task = Task {
            try await StepRunner(journal: Journal(at: path), report: { _ in }).run([
                Step("a", title: "a", inputs: []) {
                    sleeping.add(true)
                    try await Task.sleep(for: .seconds(3600))
                }
            ])
        }
        while sleeping.all.isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try Journal.read(path).map(\.event) == [.begun])
        #expect(try await run(path) { [step("a", in: $0)] } == ["a"])
    }
}
