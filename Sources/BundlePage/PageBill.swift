internal import BundleFormat
internal import FoundationEssentials
internal import OCI

/// What the bill of materials says, as the page shows it: packages each once, with the images that have them.
struct PageBill {
    struct Package {
        /// What it is to its package manager: `deb`, `java` …
        var kind: String
        var name: String
        var version: String
        /// Places in ``PageImages/images``, in order.
        var images: [Int]
    }

    /// What an image of one platform has.
    struct Content {
        var packages = 0
        /// The distribution's name, where there is one.
        var system: String?
        /// What could not be looked into, and why.
        var unread: [String] = []
    }

    /// By name.
    let packages: [Package]
    /// By image's digest and platform, as in `sha256:…/linux/amd64`.
    let contents: [String: Content]
    /// Kinds, and how many different packages are of each; the most first.
    let kinds: [(kind: String, count: Int)]

    /// Throws where the bill is not what Sealift writes.
    init(reading bill: Data, images: PageImages) throws(Malformed) {
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: bill)
        } catch {
            throw Malformed(
                "bill of materials", BundleAppendix.billMember, breaks: "it is no CycloneDX as 'build' writes it")
        }
        var places: [String: Int] = [:]
        for (index, image) in images.images.enumerated() {
            for platform in image.platforms { places["\(image.digest)/\(platform.platform)"] = index }
        }
        var found: [[String]: Set<Int>] = [:]
        var contents: [String: Content] = [:]
        for component in document.components ?? [] where component.type == "container" {
            guard let reference = component.reference, let place = places[reference] else { continue }
            var content = Content(unread: component.values(of: "sealift:unread"))
            for part in component.components ?? [] {
                if part.type == "operating-system" {
                    content.system = part.description ?? part.name
                    continue
                }
                content.packages += 1
                let name = (part.group.map { "\($0)/" } ?? "") + (part.name ?? "")
                let kind = part.values(of: "sealift:kind").first ?? part.type ?? ""
                found[[name, part.version ?? "", kind], default: []].insert(place)
            }
            contents[reference] = content
        }
        self.contents = contents
        packages = found.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
            Package(kind: $0.key[2], name: $0.key[0], version: $0.key[1], images: $0.value.sorted())
        }
        kinds = Dictionary(grouping: packages, by: \.kind).map { (kind: $0.key, count: $0.value.count) }
            .sorted { ($1.count, $0.kind) < ($0.count, $1.kind) }
    }

    private struct Document: Decodable {
        var components: [Component]?
    }

    private struct Component: Decodable {
        struct Property: Decodable {
            var name: String
            var value: String
        }

        var type: String?
        var reference: String?
        var group: String?
        var name: String?
        var version: String?
        var description: String?
        var properties: [Property]?
        var components: [Component]?

        enum CodingKeys: String, CodingKey {
            case type, group, name, version, description, properties, components
            case reference = "bom-ref"
        }

        func values(of name: String) -> [String] { (properties ?? []).filter { $0.name == name }.map(\.value) }
    }
}

extension PageBill {
    /// What people call packages of a kind.
    static func title(of kind: String) -> String {
        switch kind {
        case "apk": "Alpine packages"
        case "deb": "Debian packages"
        case "rpm": "RPM packages"
        case "golang": "Go modules"
        case "java": "Java archives"
        case "npm": "npm packages"
        case "pypi": "Python packages"
        case "runtime": "Java runtimes"
        default: kind
        }
    }
}
