internal import OCI

/// The names by which databases of vulnerabilities know packages: the purl specification, ECMA-427.
enum PackageURL {
    /// The purl of a package in an image of `distribution`; `nil` where not enough is known for one that others would
    /// write too.
    static func of(_ package: FoundPackage, in distribution: LayerPackages.Distribution?) -> String? {
        let name = package.name
        let version = package.version
        switch package.kind {
        case .deb, .apk, .rpm:
            guard let distribution else { return nil }
            let release = [distribution.id, distribution.versionID].compactMap(\.self).joined(separator: "-")
            return text(
                package.kind.rawValue, [distribution.id.lowercased()],
                package.kind == .rpm ? name : name.lowercased(), version,
                ["arch": package.architecture, "distro": release, "epoch": package.epoch])
        case .golang:
            let parts = name.lowercased().split(separator: "/").map(String.init)
            return text("golang", parts.dropLast(), parts.last ?? name, version)
        case .java:
            guard let group = package.namespace else { return nil }
            return text("maven", [group], name, version)
        case .npm:
            return text("npm", package.namespace.map { [$0.lowercased()] } ?? [], name.lowercased(), version)
        case .pypi:
            let spelled = String(name.lowercased().map { $0 == "_" ? "-" : $0 })
            return text("pypi", [], spelled, version)
        case .runtime: return nil
        }
    }

    /// The purl of the image of one architecture that `reference` names and `digest` is.
    static func of(_ reference: ImageReference, digest: Digest, architecture: String) -> String? {
        let name = reference.repository.split(separator: "/").last.map(String.init) ?? reference.repository
        return text(
            "oci", [], name.lowercased(), digest.description,
            [
                "arch": architecture, "repository_url": reference.name,
                "tag": reference.tagIsImplied ? nil : reference.tag,
            ])
    }

    private static func text(
        _ type: String, _ namespace: some Sequence<String>, _ name: String, _ version: String?,
        _ qualifiers: [String: String?] = [:]
    ) -> String {
        let path = (Array(namespace) + [name]).map { encoded($0) }.joined(separator: "/")
        let stated = qualifiers.compactMapValues { $0 }.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
        let query = stated.map { "\($0.key)=\(encoded($0.value))" }.joined(separator: "&")
        return "pkg:\(type)/\(path)" + (version.map { "@\(encoded($0))" } ?? "") + (query.isEmpty ? "" : "?\(query)")
    }

    /// Percent-encoded but for letters, digits, `.`, `-`, `_`, `~` and `:`.
    private static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
