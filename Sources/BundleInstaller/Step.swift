internal import FoundationEssentials
internal import OCI

/// One step of a command that changes the host: what it is called, what it depends on, and what it does.
struct Step: Sendable {
    /// Short and stable: the journal and scripts know it by this name.
    var name: String
    /// For people.
    var title: String
    /// The digest of everything that the step depends on.
    var inputs: Digest
    /// Performed even where it went through before: costs little when there is nothing to do, and heals.
    var isRepeated: Bool
    /// Whether the result of an earlier run is still there.
    var holds: @Sendable () async throws -> Bool
    /// Does the step. Safe to run again after it was cut off anywhere.
    var perform: @Sendable () async throws -> Void

    init(
        _ name: String, title: String, inputs: [String], isRepeated: Bool = false,
        holds: @escaping @Sendable () async throws -> Bool = { true },
        perform: @escaping @Sendable () async throws -> Void
    ) {
        self.name = name
        self.title = title
        self.inputs = Self.inputs(inputs)
        self.isRepeated = isRepeated
        self.holds = holds
        self.perform = perform
    }

    /// Whether an earlier run did it, and its result is still there, as far as that can be told now.
    func isDone(by entries: [JournalEntry]) async throws -> Bool {
        guard !isRepeated, entries.isFinished(name, inputs: inputs) else { return false }
        do {
            return try await holds()
        } catch {
            if Task.isCancelled || error is CancellationError { throw CancellationError() }
            return false
        }
    }

    /// One digest for a list of texts.
    static func inputs(_ texts: [String]) -> Digest {
        // A length before each, so that no two lists run together to the same text.
        .of(Data(texts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
    }
}

/// Runs steps one after the other, each journalled before and after: a run that was cut off goes on where it stopped.
struct StepRunner {
    let journal: Journal
    /// Taken out of what is journalled and reported.
    var secrets = Secrets([])
    let report: @Sendable (InstallEvent) -> Void

    /// Runs `steps`, the first of which is the `number`th of the whole command.
    ///
    /// Throws ``InstallError/step(name:reason:hint:cause:)`` at the first that gives up, and `CancellationError`, which
    /// is not journalled: the step stays begun.
    func run(_ steps: [Step], from number: Int = 1) async throws {
        for (index, step) in steps.enumerated() {
            try Task.checkCancellation()
            do {
                try await run(step, number: number + index, count: number - 1 + steps.count)
            } catch {
                try record(error, in: step)
            }
        }
    }

    private func run(_ step: Step, number: Int, count: Int) async throws {
        if !step.isRepeated, journal.entries.isFinished(step.name, inputs: step.inputs), try await step.holds() {
            report(.kept(step: step.name))
            return
        }
        report(.began(step: step.name, title: step.title, number: number, count: count))
        try journal.append(JournalEntry(.begun, step: step.name, inputs: step.inputs))
        let clock = ContinuousClock()
        let start = clock.now
        try await step.perform()
        try journal.append(JournalEntry(.finished, step: step.name, inputs: step.inputs))
        report(.finished(step: step.name, seconds: (clock.now - start) / .seconds(1)))
    }

    private func record(_ error: any Error, in step: Step) throws -> Never {
        if Task.isCancelled || error is CancellationError { throw CancellationError() }
        let explanation = Explanation(error)
        let reason = secrets.removed(from: explanation.reason)
        // The error that stopped the step is the one to report, also where the journal's disk is full.
        try? journal.append(JournalEntry(.failed, step: step.name, inputs: step.inputs, reason: reason))
        report(.failed(step: step.name, reason: reason))
        throw InstallError.step(name: step.name, reason: reason, hint: explanation.hint, cause: explanation.cause)
    }
}
