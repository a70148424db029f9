/// Header fields in the order in which they came; names compare without regard to case.
package struct HTTPHeaders: Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first value of `name`; setting replaces all of them.
    package subscript(name: String) -> String? {
        get {
            let name = name.lowercased()
            return fields.first { $0.name.lowercased() == name }?.value
        }
        set {
            let key = name.lowercased()
            fields.removeAll { $0.name.lowercased() == key }
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value of `name`, in order.
    package func all(_ name: String) -> [String] {
        let name = name.lowercased()
        return fields.filter { $0.name.lowercased() == name }.map(\.value)
    }

    package mutating func add(_ name: String, _ value: String) {
        fields.append((name, value))
    }

    /// Only the fields called one of `names`, which are given in lower case.
    func keeping(_ names: Set<String>) -> HTTPHeaders {
        var kept = HTTPHeaders()
        kept.fields = fields.filter { names.contains($0.name.lowercased()) }
        return kept
    }
}
