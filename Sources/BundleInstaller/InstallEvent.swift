package import Preflight

/// What a command on the isolated host is doing; delivered from any thread, in the order in which it happens.
package enum InstallEvent: Sendable {
    /// What preflight found.
    case looked(PreflightReport)
    /// A step sets out: the `number`th of `count`.
    case began(step: String, title: String, number: Int, count: Int)
    /// A step that went through before, with the same inputs, and whose result is still there.
    case kept(step: String)
    case finished(step: String, seconds: Double)
    case failed(step: String, reason: String)
    /// How far the current step is, in bytes.
    case progress(step: String, done: Int64, total: Int64)
    /// What the current step is at: one short line.
    case doing(step: String, what: String)
    /// What keeps the current step waiting: pods and their reasons; empty once nothing does.
    case waiting(step: String, blockers: [String])
    /// A check ran.
    case checked(name: String, layer: String, passed: Bool, detail: String?)
    case warning(String)
    /// What is done and why, for who wants to know all.
    case detail(step: String, String)
}
