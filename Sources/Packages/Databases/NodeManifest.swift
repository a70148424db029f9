internal import FoundationEssentials
internal import OCI

/// An installed npm package's `package.json`: npm's documentation, "package.json".
struct NodeManifest: Decodable {
    private var name: String?
    private var version: String?
    private var license: String?

    private enum CodingKeys: String, CodingKey {
        case name, version, license
    }

    private struct License: Decodable {
        var type: String?
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // `try?`: fields of other types were never checked by npm, and a package without a name is none.
        name = try? container.decode(String.self, forKey: .name)
        version = try? container.decode(String.self, forKey: .version)
        // `try?`: old packages state an object, some nothing that means anything.
        license =
            (try? container.decode(String.self, forKey: .license))
            ?? (try? container.decode(License.self, forKey: .license))?.type
    }

    static func read(_ bytes: [UInt8]) -> Reading {
        do throws(Malformed) {
            let manifest: NodeManifest = try decodeJSON(Data(bytes), as: "package.json")
            guard let name = manifest.name else { return Reading() }
            let parts = name.split(separator: "/", maxSplits: 1)
            let scope = name.hasPrefix("@") && parts.count == 2 ? String(parts[0]) : nil
            var package = FoundPackage(
                .npm, namespace: scope, name: scope == nil ? name : String(parts[1]), version: manifest.version)
            package.license = manifest.license.flatMap(FoundPackage.shortened)
            return Reading(packages: [package])
        } catch {
            return Reading(faults: [error.rule])
        }
    }
}
