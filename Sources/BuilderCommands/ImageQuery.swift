internal import OCI

/// An image as somebody asks for it: any spelling of its name, with a tag or without.
struct ImageQuery {
    private let reference: ImageReference

    /// `nil` where `text` is no name of an image.
    init?(_ text: String) {
        // What is wrong with it is of no use to who mistyped it; the nearest name is.
        guard let reference = try? ImageReference(parsing: text) else { return nil }
        self.reference = reference
    }

    /// Whether it asks for `name`, a normalised one.
    func matches(_ name: String) -> Bool {
        guard let other = try? ImageReference(parsing: name) else { return false }  // was normalised from a good one
        guard reference.name == other.name else { return false }
        let isAnyTag = reference.tagIsImplied && reference.digest == nil
        return isAnyTag || reference == other
            || reference.digest == nil && reference.tag == other.tag
            || reference.digest != nil && reference.digest == other.digest
    }

    /// What people type for `name`, a normalised one.
    static func spellings(of name: String) -> [String] {
        let short = name.split(separator: "/").last.map(String.init) ?? name
        let familiar = ["docker.io/library/", "docker.io/"].first { name.hasPrefix($0) }.map {
            String(name.dropFirst($0.count))
        }
        let all = [name, short] + [familiar].compactMap { $0 }
        return all
            + all.map { text in String(text.split(separator: "@")[0]) }.map { text in
                // The last colon belongs to a tag, unless a path follows it.
                guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else { return text }
                return String(text[..<colon])
            }
    }
}
