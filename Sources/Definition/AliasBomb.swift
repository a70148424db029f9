internal import Glibc

/// Aliases of aliases of aliases, of which a few lines stand for billions of nodes.
///
/// As values they share their memory, and ``YAMLNode`` counts them when it takes them over. Behind a key, however, Yams
/// compares all of them with the other keys before anybody can count.
enum AliasBomb {
    /// What is compared within a second or two.
    private static let nodeLimit = 1e7

    /// Whether `text` may have keys that stand for more than can be compared.
    ///
    /// Judged by its marks alone, comments and texts among them: both that many aliases and anything like a key that is
    /// no plain text are rare, and no object of Kubernetes has such a key.
    static func isPossible(in text: String) -> Bool {
        let bytes = Array(text.utf8)
        var (anchors, aliases) = (0.0, 0.0)
        var hasOtherKeys = false
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "&") where isMark(index, bytes): anchors += 1
            case UInt8(ascii: "*") where isMark(index, bytes):
                aliases += 1
                let end = bytes[index...].firstIndex { isSpace($0) || ",[]{}".utf8.contains($0) } ?? bytes.endIndex
                hasOtherKeys = hasOtherKeys || isColon(bytes[end...]) || bytes[end - 1] == UInt8(ascii: ":")
            case UInt8(ascii: "?"): hasOtherKeys = hasOtherKeys || bytes[(index + 1)...].first.map(isSpace) != false
            case UInt8(ascii: "]"), UInt8(ascii: "}"): hasOtherKeys = hasOtherKeys || isColon(bytes[(index + 1)...])
            default: break
            }
        }
        // Most nodes come of chains in which each anchor has equally many aliases of the one before.
        let links = min(anchors, max(1, aliases / M_E))
        return hasOtherKeys && links > 0 && links * log(max(1, aliases / links)) > log(nodeLimit)
    }

    /// Whether the `&` or `*` at `index` begins a name.
    private static func isMark(_ index: Int, _ bytes: [UInt8]) -> Bool {
        let isBehind = index == 0 || isSpace(bytes[index - 1]) || "[{,:?-".utf8.contains(bytes[index - 1])
        return isBehind && index + 1 < bytes.count && !isSpace(bytes[index + 1])
    }

    private static func isColon(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first { !isSpace($0) } == UInt8(ascii: ":")
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
