/// The names of a layer's members.
enum LayerPath {
    /// The longest path that a kernel takes (Linux `PATH_MAX`).
    private static let limit = 4096

    /// `name` from the root on, without `.`, double or trailing slashes; `nil` where it names nothing below the root.
    static func normal(_ name: [UInt8]) -> String? {
        guard name.count <= limit else { return nil }
        let parts = name.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        guard !parts.isEmpty, !parts.contains(where: { $0.elementsEqual("..".utf8) }) else { return nil }
        return String(decoding: Array(parts.joined(separator: [UInt8(ascii: "/")])), as: UTF8.self)
    }

    /// What a member says about the layers below by its name alone: image-spec layer.md, "Whiteouts".
    enum Whiteout {
        case removed(String)
        case emptied(String)
        /// The name is a whiteout's, but says nothing: aufs' own.
        case none
    }

    /// `nil` for all members that are no whiteouts.
    static func whiteout(_ path: String) -> Whiteout? {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        guard name.hasPrefix(".wh.") else { return nil }
        let folder = slash.map { String(path[..<$0]) } ?? ""
        if name == ".wh..wh..opq" { return .emptied(folder) }
        if name.hasPrefix(".wh..wh.") { return .some(.none) }
        return .removed(folder.isEmpty ? String(name.dropFirst(4)) : "\(folder)/\(name.dropFirst(4))")
    }
}
