/// The way to a field as `kubectl` and JSONPath write it: `spec.containers[0].image`, `data["app.yaml"]`.
struct FieldPath: Hashable, CustomStringConvertible {
    private(set) var description = ""

    init() {}

    /// A path that was written elsewhere already.
    init(parsed text: String) { description = text }

    static func / (path: FieldPath, key: String) -> FieldPath {
        let isWord = !key.isEmpty && key.utf8.allSatisfy(isPlain)
        var path = path
        if isWord {
            path.description += path.description.isEmpty ? key : ".\(key)"
        } else {
            path.description += "[\(key.debugDescription)]"
        }
        return path
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    subscript(index: Int) -> FieldPath {
        var path = self
        path.description += "[\(index)]"
        return path
    }
}
