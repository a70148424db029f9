internal import OCI

/// What a text says about being an image's name.
enum ImageText {
    /// Registries whose names mean images even without a tag behind them.
    private static let knownRegistries: Set = [
        "docker.io", "index.docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.k8s.io", "k8s.gcr.io",
        "mcr.microsoft.com", "docker.elastic.co", "public.ecr.aws", "registry.gitlab.com", "nvcr.io",
        "registry.redhat.io",
        "registry.access.redhat.com", "lscr.io",
    ]

    /// Ends of names that are pictures, disks and archives, not container images.
    private static let otherEndings = [
        ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".ico", ".bmp", ".tif", ".tiff", ".avif", ".qcow2", ".iso",
        ".img", ".raw", ".vmdk", ".vhd", ".tar", ".gz", ".tgz", ".zip", ".jar", ".html", ".json", ".yaml", ".yml",
    ]

    /// The reference that `text` is, in a place that is named after images; `nil` where it is plainly something else.
    static func namedAsImage(_ text: String) -> (reference: ImageReference, isPinned: Bool)? {
        let text = withoutTransport(text)
        guard !text.isEmpty, !isPlainlyOther(text), let reference = parsed(text) else { return nil }
        return (reference, !reference.tagIsImplied)
    }

    /// The reference that `text` looks like by itself: a registry's host, a path, and a tag or digest.
    static func lookingLikeImage(_ text: String) -> ImageReference? {
        let text = withoutTransport(text)
        guard let slash = text.firstIndex(of: "/"), !isPlainlyOther(text) else { return nil }
        let host = text[..<slash]
        let isKnown = knownRegistries.contains(String(host))
        guard isKnown || host.contains(".") || host.contains(":") || host == "localhost", let reference = parsed(text)
        else { return nil }
        return isKnown || !reference.tagIsImplied ? reference : nil
    }

    /// Whether a key says that its value is an image: `image`, `sidecarImage`, `FOO_IMAGE`, `imageName`, `images`.
    static func isImageKey(_ key: String) -> Bool {
        // Most keys have no such word, and to tell words apart takes Unicode's tables.
        guard mentionsImage(key) else { return false }
        let words = words(of: key)
        guard let last = words.last else { return false }
        if last == "image" || last == "images" { return true }
        return words.starts(with: ["related", "image"])
            || (words.dropLast().last == "image" && ["name", "ref", "reference", "uri", "url"].contains(last))
    }

    /// Whether "image" stands in `key`, in upper or lower case.
    private static func mentionsImage(_ key: String) -> Bool {
        let word = "image".utf8
        var rest = key.utf8[...]
        while rest.count >= word.count {
            if zip(rest, word).allSatisfy({ $0 | 0x20 == $1 }) { return true }
            rest = rest.dropFirst()
        }
        return false
    }

    private static func words(of key: String) -> [String] {
        var words: [String] = []
        var word = ""
        var lastWasLower = false
        for character in key {
            let isBreak = !(character.isLetter || character.isNumber)
            if isBreak || (character.isUppercase && lastWasLower) {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if !isBreak { word.append(character) }
            lastWasLower = character.isLowercase || character.isNumber
        }
        return word.isEmpty ? words : words + [word.lowercased()]
    }

    private static func parsed(_ text: String) -> ImageReference? {
        // No reference is an answer here; the certain places parse for themselves and report why.
        try? ImageReference(parsing: text)
    }

    /// containers/image and Helm write a transport in front of some references.
    private static func withoutTransport(_ text: String) -> String {
        for transport in ["docker://", "oci://"] where text.hasPrefix(transport) {
            return String(text.dropFirst(transport.count))
        }
        return text
    }

    private static func isPlainlyOther(_ text: String) -> Bool {
        let lower = text.lowercased()
        return text.hasSchemeMark || text.hasPrefix("/") || text.hasPrefix(".") || text.contains("$")
            || ["true", "false", "null", "none"].contains(lower) || lower.allSatisfy { $0.isNumber || $0 == "." }
            || otherEndings.contains { lower.hasSuffix($0) }
    }
}
