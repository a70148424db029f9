internal import CommandSupport
internal import OCI

extension ImageMap {
    /// The map in Graphviz' language, every layer a node of its own; equal maps give equal bytes.
    var dot: String {
        var lines = [
            "digraph images {", "  label=\(Self.quoted(title));", "  rankdir=LR;",
            "  node [shape=box, fontname=\"sans-serif\", fontsize=10];", "  edge [color=\"#8090a0\"];",
        ]
        func nodes(_ prefix: String, _ attributes: [String]) {
            lines.append("  { rank=same;")
            for (index, text) in attributes.enumerated() { lines.append("    \(prefix)\(index) [\(text)];") }
            lines.append("  }")
        }
        nodes("m", manifests.map { "label=\(Self.quoted($0)), shape=note" })
        nodes(
            "i",
            images.map { image in
                let size = image.layers.reduce(Int64(0)) { $0.addingClamped(layers[$1].size) }
                let text = image.layers.isEmpty ? "not locked" : Format.bytes(size)
                return "label=\(Self.quoted("\(image.name)\n\(text)")), style=filled, fillcolor=\"#dbe9f6\""
            })
        nodes(
            "l",
            layers.map { layer in
                let label = Self.quoted("\(layer.digest.short)\n\(Format.bytes(layer.size))")
                return "label=\(label)" + (layer.isShared ? ", style=filled, fillcolor=\"#fde3c8\"" : "")
            })
        for (index, image) in images.enumerated() {
            lines += image.manifests.map { "  m\($0) -> i\(index);" }
            lines += image.layers.map { "  i\(index) -> l\($0)\(layers[$0].isShared ? " [color=\"#d07020\"]" : "");" }
        }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    /// A quoted ID; a line break in it is written `\n`, as labels have it.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for part in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if quoted.utf8.count > 1 { quoted += "\\n" }
            for character in String(part).printable() {
                quoted += character == "\"" || character == "\\" ? "\\\(character)" : String(character)
            }
        }
        return quoted + "\""
    }
}
