internal import TestSupport

/// One way in which a server can be wrong, or evil.
package struct Fault: Sendable, CustomStringConvertible {
    /// What a client makes of it.
    package enum Outcome: Sendable {
        /// What was asked for still comes, whole and right.
        case harmless
        /// It must be refused, at whatever step.
        case fatal
        /// Depends on what was asked for.
        case either
    }

    package let description: String
    package let outcome: Outcome
    /// Where it makes sense.
    package let steps: Set<Step>
    let play: @Sendable (Exchange) -> Void

    init(
        _ description: String, _ outcome: Outcome = .fatal, at steps: Set<Step> = Set(Step.allCases),
        _ play: @escaping @Sendable (Exchange) -> Void
    ) {
        self.description = description
        self.outcome = outcome
        self.steps = steps
        self.play = play
    }

    /// Every fault that we know.
    package static let all =
        bodies + lengths + chunks + heads + informational + silences + redirects + ranges
        + codings + documents + refusals + tokens

    /// Only an answer with content can be spoilt.
    func applies(to answer: Answer) -> Bool { answer.status == 200 }
}

/// A request, and what an honest registry would say.
struct Exchange: Sendable {
    let request: FaultyServer.Request
    let connection: FaultyServer.Connection
    let step: Step
    let honest: Answer
    /// The origin of another host.
    let elsewhere: String

    var body: [UInt8] { honest.body }

    /// Sends a status line and header lines as they are.
    @discardableResult
    func head(_ lines: [String], status: String = "HTTP/1.1 200 OK") -> Bool {
        let own = honest.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return raw(([status] + own + lines).joined(separator: "\r\n") + "\r\n\r\n")
    }

    @discardableResult
    func raw(_ text: String) -> Bool { connection.send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) -> Bool { connection.send(Array(bytes)) }

    /// The honest head with a length.
    func headWithLength(_ length: String? = nil) { head(["Content-Length: \(length ?? "\(body.count)")"]) }

    /// Sends `text` until nobody listens any more.
    func forever(_ text: String) { forever(Array(text.utf8)) }

    func forever(_ bytes: [UInt8]) { while connection.send(bytes) {} }

    /// The honest answer with other or more headers.
    func honestly(_ headers: [String: String] = [:]) {
        var answer = honest
        answer.headers.merge(headers) { $1 }
        answer.send(to: request, over: connection)
    }
}
