/// Keeps content, snapshots and writes under way from being collected as garbage.
package struct Lease: Hashable, Sendable {
    package var id: String
    package var labels: [String: String]

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var id = ""
        var labels: [String: String] = [:]
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: id = try value.string()
            case 3:
                let (key, value) = try value.entry()
                labels[key] = value
            default: break
            }
        }
        self.id = id
        self.labels = labels
    }
}

extension ContainerdConnection {
    private static let leases = "containerd.services.leases.v1.Leases"

    /// Makes a lease; one that is there already is an error, of the kind `alreadyExists`.
    ///
    /// The label `containerd.io/gc.expire` (RFC 3339) ends it by itself.
    package func createLease(_ id: String, labels: [String: String] = [:]) throws(ContainerdError) {
        try call("\(Self.leases)/Create") {
            $0.add(1, id)
            $0.add(3, labels)
        }
    }

    /// Ends a lease; with `synchronously`, also waits until what it alone has held is collected. One that isn't there
    /// is an error, of the kind `notFound`.
    package func deleteLease(_ id: String, synchronously: Bool) throws(ContainerdError) {
        try call("\(Self.leases)/Delete", timeout: synchronously ? Self.longTimeout : nil) {
            $0.add(1, id)
            $0.add(2, synchronously)
        }
    }

    /// All leases of the namespace.
    package func leases() throws(ContainerdError) -> [Lease] {
        try call("\(Self.leases)/List") { _ in
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map(Lease.init)
        }
    }

    /// Puts something under a lease: `type` is `content`, `ingests` or `snapshots/SNAPSHOTTER`, `id` a digest, a
    /// reference or a key.
    package func addToLease(_ id: String, resource: (id: String, type: String)) throws(ContainerdError) {
        try call("\(Self.leases)/AddResource") { request in
            request.add(1, id)
            request.add(2) {
                $0.add(1, resource.id)
                $0.add(2, resource.type)
            }
        }
    }
}
