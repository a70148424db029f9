import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage

/// Discovers in a bundle `demo` of one manifest, m.yaml, whose bundle.yaml goes on with `more` in line 8.
func discovered(
    _ manifest: String, more: String = "", files: [String: String] = [:], values: [String: String]? = nil,
    overrides: [String: String] = [:]
) throws -> ImageDiscovery {
    let definition = """
        apiVersion: sealift/v1
        kind: Bundle
        metadata: {name: demo, version: 1.0.0}
        platforms: [linux/amd64]
        stages:
          - name: core
            manifests: ["*.yml"]

        """ + more
    let all = files.merging(["bundle.yaml": definition, "m.yml": manifest]) { $1 }
    return try withFolder(all) { folder in
        let definition = try BundleDefinition(at: folder)
        return try discover(in: definition, values: values ?? definition.values(overrides: overrides))
    }
}

extension ImageDiscovery {
    /// Everything found, one line each: `grade reference line object field`.
    var lines: [String] {
        (images + unconfirmed).flatMap { image in
            image.origins.map { "\(image.grade) \(image.reference) \($0.line) \($0.object) \($0.field)" }
        }
    }
}
