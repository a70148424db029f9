/// The way to a field as `kubectl` and JSONPath write it: `spec.containers[0].image`, `data["app.yaml"]`.
struct FieldPath: Hashable, CustomStringConvertible {
    private(set) var description = ""

    init() {}

    /// A path that was written elsewhere already.
    init(parsed text: String) { description = text }

    static func / (path: FieldPath, key: String) -> FieldPath {
        let isWord =
            !key.isEmpty && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        var path = path
        if isWord {
            path.description += path.description.isEmpty ? key : ".\(key)"
        } else {
            path.description += "[\(key.debugDescription)]"
        }
        return path
    }

    subscript(index: Int) -> FieldPath {
        var path = self
        path.description += "[\(index)]"
        return path
    }
}
