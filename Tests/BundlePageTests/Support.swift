import BundleFormat
import BundlePage
import FoundationEssentials
import HostileBundles
import OCI
import SystemPackage
import TestSupport

/// A bundle that says what nobody should believe, and its page.
struct HostilePage {
    static let script = "<script>document.title='taken'</script>"
    static let attribute = #"" onmouseover="document.title='taken'" x="' y=""#
    static let backwards = "safe\u{202E}lmth.exe"
    static let long = String(repeating: "W<&>", count: 3000)

    let html: String

    /// Writes the bundle into `folder` and draws it.
    init(in folder: FilePath, keepsBill: Bool = true) throws {
        let sample = try SampleBundle { parts in
            parts.hasBill = keepsBill
            parts.editDescription = { text in
                text.replacing(#""a sample""#, with: Self.json(Self.script + "\n" + Self.long))
                    .replacing(#""value":"3""#, with: "\"description\":\(Self.json(Self.attribute)),\"value\":\"3\"")
                    .replacing(#""builtWith":"test""#, with: "\"builtWith\":\(Self.json(Self.backwards))")
            }
        }
        var members = try sample.members()
        if keepsBill {
            members[members.count - 1] = try .init(BundleAppendix.billMember, Self.bill(of: sample))
        }
        let archive = folder.appending("hostile.tar.zst")
        try SampleBundle.reframe(members, to: archive)
        html = try BundlePage(of: BundleReader(opening: archive)).html
    }

    /// A bill with two packages in one image and one of them in another, all of odd names.
    private static func bill(of sample: SampleBundle) -> Data {
        func package(_ name: String, _ version: String) -> String {
            """
            {"type":"library","name":\(json(name)),"version":\(json(version)),\
            "properties":[{"name":"sealift:kind","value":"deb"}]}
            """
        }
        func image(_ place: Int, _ packages: [String]) -> String {
            """
            {"type":"container","bom-ref":"\(sample.images[place].root.digest)/linux/amd64","name":"x",\
            "components":[{"type":"operating-system","name":"x","description":\(json(attribute))},\
            \(packages.joined(separator: ","))],\
            "properties":[{"name":"sealift:unread","value":\(json(script))}]}
            """
        }
        let shared = package("libshared", "1:2")
        let components = [image(1, [shared, package(script, attribute)]), image(2, [shared])]
        let opening = BillOfMaterialsOpening.opening(index: .of(sample.index))
        return Data(opening + Array("}},\"components\":[\(components.joined(separator: ","))]}\n".utf8))
    }

    /// A JSON string (RFC 8259, 7).
    private static func json(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\n": "\\n"
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
