/// What keeps an object from being ready.
package struct Blocker: Hashable, Sendable {
    /// Where to look for the cause.
    package enum Reason: String, Sendable {
        /// An image isn't on the node, and pulling it is forbidden or impossible.
        case image
        /// A volume can't be bound or mounted.
        case volume
        /// A container runs, and its probe says that it isn't ready.
        case probe
        /// No node has room, or is allowed.
        case resources
        /// A container ends again and again.
        case crash
        /// A container that prepares the others isn't through.
        case initContainer = "init container"
        /// A ConfigMap, Secret, user or command of a container is wrong.
        case configuration
        /// The object isn't there.
        case missing
        /// Nothing is known to be wrong.
        case progress
    }

    /// The object that was waited for.
    package var object: ObjectReference
    /// The pod of it that blocks, if one does.
    package var pod: String?
    package var reason: Reason
    /// What Kubernetes says, with names.
    package var message: String

    package init(object: ObjectReference, pod: String? = nil, reason: Reason, message: String) {
        self.object = object
        self.pod = pod
        self.reason = reason
        self.message = message
    }
}

extension Blocker: CustomStringConvertible {
    /// One line: object, pod, reason, message.
    package var description: String {
        let pod = pod.map { object.kind == "Pod" && object.name == $0 ? "" : ", pod \($0)" } ?? ""
        return reason == .progress ? "\(object)\(pod): \(message)" : "\(object)\(pod): \(reason.rawValue): \(message)"
    }
}
