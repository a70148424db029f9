internal import Processes

/// What kubectl's complaints mean for whoever wants to try again.
enum KubectlComplaint {
    /// Whether the same call may succeed a little later.
    ///
    /// One line that is wrong for good settles it, whatever else failed for the moment: kubectl reports every object
    /// of a call.
    static func isTransient(_ text: String) -> Bool {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.lowercased() }
        var isTransient = false
        for line in lines {
            if transient.contains(where: line.contains) {
                isTransient = true
            } else if definite.contains(where: line.contains) {
                return false
            }
        }
        return isTransient
    }

    /// Whether everything is deleted: objects of a kind that the API no longer knows went with their kind.
    static func isDeleted(_ outcome: ChildProcess.Outcome) -> Bool {
        if outcome.succeeded { return true }
        let lines = outcome.lastErrorLines(.max)
        return !lines.isEmpty && lines.allSatisfy { $0.contains("no matches for kind") }
    }

    private static let transient = [
        // The API server starts, restarts or is overloaded.
        "connection refused", "was refused - did you specify the right host or port", "unable to connect to the server",
        "connection reset by peer", "broken pipe", "unexpected eof", ": eof", "i/o timeout", "tls handshake timeout",
        "client connection lost", "request canceled", "context deadline exceeded", "client.timeout exceeded",
        "(serviceunavailable)", "the server is currently unable to handle the request", "apiserver not ready",
        "too many requests", "(timeout)", "request timed out", "the server was unable to return a response in the time",
        "connect: no such file or directory", "goaway", "transport connection broken", "code = unavailable",
        "has prevented the request from succeeding",
        // Its datastore does.
        "etcdserver:", "leader changed", "raft:", "database is locked",
        // A kind, a webhook or a namespace is on its way.
        "no matches for kind", "the server could not find the requested resource",
        "the server doesn't have a resource type", "failed calling webhook", "no endpoints available for service",
        "is being terminated", "not yet ready to handle request", "serviceaccount \"default\" not found",
        "error looking up service account", "the object has been modified", "object is being deleted",
    ]

    private static let definite = [
        "is invalid", "(forbidden)", "(unauthorized)", "you must be logged in", "unknown field", "unknown flag",
        "error validating", "error parsing", "error converting", "unable to decode", "(badrequest)", "(invalid)",
        "field is immutable", "admission webhook", "x509:", "strict decoding error",
    ]
}
