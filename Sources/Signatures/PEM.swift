internal import FoundationEssentials

/// One block of a PEM text (RFC 7468).
struct PEMBlock: Hashable, Sendable {
    var label: String
    var bytes: [UInt8]

    /// The blocks of `text`, in order; what stands between them is commentary.
    static func blocks(of text: String) throws(KeyFault) -> [PEMBlock] {
        var blocks: [PEMBlock] = []
        var open: (label: String, lines: [Substring])?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = trimmed(line)
            if let label = label(of: line, "BEGIN") {
                guard open == nil else { throw KeyFault("a PEM block begins inside of another") }
                open = (label, [])
            } else if let label = label(of: line, "END") {
                guard let block = open, block.label == label else {
                    throw KeyFault("a PEM block ends that never began")
                }
                blocks.append(PEMBlock(label: label, bytes: try decoded(block.lines)))
                open = nil
            } else {
                open?.lines.append(line)
            }
        }
        guard open == nil else { throw KeyFault("a PEM block has no end; is the file cut off?") }
        guard !blocks.isEmpty else {
            throw KeyFault("it has no PEM block", hint: "keys in binary form become PEM with openssl pkey -inform DER")
        }
        return blocks
    }

    /// The block as text, 64 characters a line.
    var text: String {
        var rest = Data(bytes).base64EncodedString()[...]
        var lines = ["-----BEGIN \(label)-----"]
        while !rest.isEmpty {
            lines.append(String(rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        lines.append("-----END \(label)-----")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func decoded(_ lines: [Substring]) throws(KeyFault) -> [UInt8] {
        if lines.contains(where: { $0.hasPrefix("Proc-Type:") }) {
            throw KeyFault(
                "it is protected in the old form of OpenSSL",
                hint: "openssl pkcs8 -topk8 -in FILE -out NEW-FILE gives the form that is read here")
        }
        guard let bytes = Data(base64Encoded: lines.joined()), !bytes.isEmpty else {
            throw KeyFault("its PEM block is not base64")
        }
        return Array(bytes)
    }

    private static func label(of line: Substring, _ side: String) -> String? {
        let prefix = "-----\(side) "
        guard line.hasPrefix(prefix), line.hasSuffix("-----"), line.count > prefix.count + 5 else { return nil }
        return String(line.dropFirst(prefix.count).dropLast(5))
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop { $0 == " " || $0 == "\t" }
        while let last = line.last, last == " " || last == "\t" { line.removeLast() }
        return line
    }
}
