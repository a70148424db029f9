extension ContainerdConnection {
    /// The names of all namespaces.
    package func namespaces() throws(ContainerdError) -> [String] {
        try call("containerd.services.namespaces.v1.Namespaces/List") { _ in
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map { (message) throws(MalformedMessage) in
                var name = ""
                try message.forEach { (number, value) throws(MalformedMessage) in
                    if number == 1 { name = try value.string() }
                }
                return name
            }
        }
    }

    /// Makes a namespace; one that is there already stays as it is.
    package func createNamespace(_ name: String) throws(ContainerdError) {
        do throws(ContainerdError) {
            try call("containerd.services.namespaces.v1.Namespaces/Create") { request in
                request.add(1) { $0.add(1, name) }
            }
        } catch {
            guard error.kind == .alreadyExists else { throw error }
        }
    }
}
