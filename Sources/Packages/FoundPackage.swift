/// A package as the file that tells of it names it.
package struct FoundPackage: Codable, Hashable, Sendable {
    /// Whose package it is; decides what its purl looks like.
    package enum Kind: String, Codable, Sendable {
        case apk, deb, golang, java, npm, pypi, rpm
        /// A Java runtime, which is most often unpacked and not installed.
        case runtime
    }

    package var kind: Kind
    /// Maven's group, Go's module path up to the last slash, npm's scope; `nil` where there is none or it is not told.
    package var namespace: String?
    package var name: String
    /// `nil` where the file doesn't tell.
    package var version: String?
    package var architecture: String?
    /// An RPM's epoch, where it has one.
    package var epoch: String?
    /// The source package that it was built from.
    package var source: String?
    /// As the package states it, most often an SPDX expression.
    package var license: String?
    /// Where inside the file, if that is an archive: `BOOT-INF/lib/a.jar`.
    package var inside: String?
    /// Taken from the file's name, since nothing inside names it.
    package var isNamedByFile: Bool?

    init(_ kind: Kind, namespace: String? = nil, name: String, version: String? = nil) {
        self.kind = kind
        self.namespace = namespace.flatMap(Self.shortened)
        self.name = Self.shortened(name) ?? ""
        self.version = version.flatMap(Self.shortened)
    }

    /// The longest text that is taken over; half of what CycloneDX 1.6 allows for a version.
    static let textLimit = 512

    /// About how much memory its texts take.
    var textCount: Int {
        [namespace, name, version, architecture, epoch, source, license, inside].reduce(0) {
            $0 + ($1?.utf8.count ?? 0)
        }
    }

    /// `text` without space around it, at most ``textLimit`` bytes of it; `nil` where nothing is left.
    static func shortened(_ text: some StringProtocol) -> String? {
        let bytes = Array(text.utf8.drop { $0 <= 0x20 }.prefix(textLimit))
        let kept = bytes[..<((bytes.lastIndex { $0 > 0x20 } ?? -1) + 1)]
        return kept.isEmpty ? nil : String(decoding: kept, as: UTF8.self)
    }
}
