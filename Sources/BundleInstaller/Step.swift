internal import BundleFormat
internal import FoundationEssentials
package import OCI

/// One step of a command that changes the host: what it is called, what it depends on, and what it does.
package struct Step: Sendable {
    /// Short and stable: the journal and scripts know it by this name.
    package var name: String
    /// For people.
    package var title: String
    /// The digest of everything that the step depends on.
    package var inputs: Digest
    /// Performed even where it went through before: costs little when there is nothing to do, and heals.
    package var isRepeated: Bool
    /// Whether the result of an earlier run is still there.
    package var holds: @Sendable () async throws -> Bool
    /// Does the step. Safe to run again after it was cut off anywhere.
    package var perform: @Sendable () async throws -> Void

    package init(
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

    /// One digest for a list of texts.
    static func inputs(_ texts: [String]) -> Digest {
        // A length before each, so that no two lists run together to the same text.
        .of(Data(texts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
    }
}

/// Runs steps one after the other, each journalled before and after: a run that was cut off goes on where it stopped.
package struct StepRunner {
    private let journal: Journal
    private let report: @Sendable (InstallEvent) -> Void

    /// Takes the journal that knows what went through before.
    package init(journal: Journal, report: @escaping @Sendable (InstallEvent) -> Void) {
        self.journal = journal
        self.report = report
    }

    /// Runs `steps`; throws ``InstallError/step(name:reason:hint:)`` or `CancellationError` at the first that gives up.
    package func run(_ steps: [Step], explain: (any Error) -> (reason: String, hint: String?)) async throws {
        for (index, step) in steps.enumerated() {
            try Task.checkCancellation()
            if !step.isRepeated, journal.entries.isFinished(step.name, inputs: step.inputs), try await step.holds() {
                report(.kept(step: step.name))
                continue
            }
            report(.began(step: step.name, title: step.title, number: index + 1, count: steps.count))
            try journal.append(JournalEntry(.begun, step: step.name, inputs: step.inputs))
            let clock = ContinuousClock()
            let start = clock.now
            do {
                try await step.perform()
            } catch {
                try record(error, in: step, explain: explain)
            }
            try journal.append(JournalEntry(.finished, step: step.name, inputs: step.inputs))
            report(.finished(step: step.name, seconds: (clock.now - start) / .seconds(1)))
        }
    }

    private func record(
        _ error: any Error, in step: Step, explain: (any Error) -> (reason: String, hint: String?)
    ) throws -> Never {
        if Task.isCancelled || error is CancellationError { throw CancellationError() }
        let (reason, hint) = explain(error)
        // The error that stopped the step is the one to report, also where the journal's disk is full.
        try? journal.append(JournalEntry(.failed, step: step.name, inputs: step.inputs, reason: reason))
        report(.failed(step: step.name, reason: reason))
        throw InstallError.step(name: step.name, reason: reason, hint: hint)
    }
}
