/// An operating system, an architecture and, for some architectures, a variant, in containerd's normalised spelling.
///
/// `x86_64` is `amd64`, `aarch64` and `arm64/v8` are `arm64`, `arm` without a variant is `arm/v7`
/// (containerd `platforms/database.go`). Equality, hash and description all come from the normalised fields.
package struct Platform: Hashable, Sendable {
    package let os: String
    package let architecture: String
    /// Empty where the architecture has no variant or the usual one.
    package let variant: String

    package init(os: String, architecture: String, variant: String = "") {
        let os = os.lowercased()
        self.os = os == "macos" ? "darwin" : os
        (self.architecture, self.variant) = Self.normalise(architecture.lowercased(), variant.lowercased())
    }

    /// Parses `OS/ARCHITECTURE[/VARIANT]`, as in `linux/amd64`.
    package init(parsing text: some StringProtocol) throws(Malformed) {
        let parts = String(text).split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard (2...3).contains(parts.count), parts.allSatisfy(Self.isWord) else {
            throw Malformed("platform", text, breaks: "expected OS/ARCHITECTURE[/VARIANT], as in linux/amd64")
        }
        self.init(os: parts[0], architecture: parts[1], variant: parts.count == 3 ? parts[2] : "")
    }

    package static let linuxAMD64 = Platform(os: "linux", architecture: "amd64")
    package static let linuxARM64 = Platform(os: "linux", architecture: "arm64")

    /// The platform of the running process.
    package static var current: Platform {
        #if arch(x86_64)
            .linuxAMD64
        #elseif arch(arm64)
            .linuxARM64
        #else
            #error("Sealift runs on x86_64 and arm64")
        #endif
    }

    private static func isWord(_ part: String) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    private static func normalise(_ architecture: String, _ variant: String) -> (String, String) {
        switch (architecture, variant) {
        case ("x86_64", "v1"), ("x86-64", "v1"), ("amd64", "v1"): ("amd64", "")
        case ("x86_64", _), ("x86-64", _), ("amd64", _): ("amd64", variant)
        case ("i386", _), ("386", _): ("386", "")
        case ("aarch64", "8"), ("aarch64", "v8"), ("arm64", "8"), ("arm64", "v8"): ("arm64", "")
        case ("aarch64", _), ("arm64", _): ("arm64", variant)
        case ("armhf", _): ("arm", "v7")
        case ("armel", _): ("arm", "v6")
        case ("arm", ""), ("arm", "7"): ("arm", "v7")
        case ("arm", "5"), ("arm", "6"), ("arm", "8"): ("arm", "v\(variant)")
        default: (architecture, variant)
        }
    }
}

extension Platform: CustomStringConvertible {
    /// `os/architecture[/variant]`; safe to print, whoever has written it.
    package var description: String {
        (variant.isEmpty ? "\(os)/\(architecture)" : "\(os)/\(architecture)/\(variant)").printable(limit: 100)
    }
}

extension Platform: Comparable {
    package static func < (left: Platform, right: Platform) -> Bool { left.description < right.description }
}

/// The object form of image-spec's image-index.md, `platform`.
extension Platform: Codable {
    private enum CodingKeys: String, CodingKey {
        case os, architecture, variant
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            os: try container.decode(String.self, forKey: .os),
            architecture: try container.decode(String.self, forKey: .architecture),
            variant: try container.decodeIfPresent(String.self, forKey: .variant) ?? "")
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(os, forKey: .os)
        try container.encode(architecture, forKey: .architecture)
        if !variant.isEmpty { try container.encode(variant, forKey: .variant) }
    }
}
