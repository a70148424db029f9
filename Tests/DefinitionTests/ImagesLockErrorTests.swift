import Definition
import Testing

@Suite struct ImagesLockErrorTests {
    private static let good = """
        apiVersion: sealift/v1
        kind: ImagesLock
        images:
          - reference: nginx:1.25
            name: docker.io/library/nginx:1.25
            state: resolved
            target: {mediaType: application/vnd.oci.image.index.v1+json, digest: "sha256:\(zeros)", size: 1}
            platforms:
              - platform: linux/amd64
                manifest: {mediaType: application/vnd.oci.image.manifest.v1+json, digest: "sha256:\(zeros)", size: 2}
                config: {mediaType: application/vnd.oci.image.config.v1+json, digest: "sha256:\(zeros)", size: 3}
                layers: [{mediaType: a/b, digest: "sha256:\(zeros)", size: 0}]
            origins: [{bundle: b, file: f, object: o, field: x}]
        files:
          - {name: k0s, bundle: b, platform: linux/amd64, url: "https://x/y", state: resolved, digest: "sha256:\(zeros)", size: 4}

        """
    private static let zeros = String(repeating: "0", count: 64)

    @Test(arguments: [
        ("sealift/v1", "sealift/v9", "images.lock:1: apiVersion can't be 'sealift/v9'"),
        ("kind: ImagesLock", "kind: Bundle", "images.lock:2: kind can't be 'Bundle'"),
        ("images:\n", "imgs:\n", "images.lock:3: unknown key 'imgs'"),
        ("files:\n", "files: []\nmore:\n", "images.lock:15: unknown key 'more'"),
        ("    state: resolved\n    target", "    target", "images.lock:4: images[0] has no 'state'"),
        ("state: resolved\n", "state: done\n", "images.lock:6: images[0].state can't be 'done'"),
        (
            "state: resolved\n", "state: unresolved\n",
            "images.lock:7: images[0].target can't be '…': an unresolved entry has no 'target'"
        ),
        ("state: resolved,", "state: unresolved,", "images.lock:15: files[0].digest can't be '…'"),
        (
            "name: docker.io/library/nginx:1.25", "name: docker.io/library/nginx:1.26",
            "images.lock:5: images[0].name can't be 'docker.io/library/nginx:1.26': it is not the normalised name"
        ),
        ("reference: nginx:1.25", "reference: Nginx", "images.lock:4: images[0].reference: malformed image reference"),
        ("size: 1}", "size: -1}", "images.lock:7: images[0].target.size can't be '-1'"),
        ("size: 1}", "size: many}", "images.lock:7: images[0].target.size can't be 'many'"),
        (
            "image.index.v1+json", "image.layer.v1.tar",
            "images.lock:7: images[0].target.mediaType can't be 'application/vnd.oci.image.layer.v1.tar'"
        ),
        ("image.manifest.v1+json", "image.index.v1+json", "images.lock:10: images[0].platforms[0].manifest.mediaType"),
        (
            "layers: [{mediaType: a/b,", "layers: [{type: a/b,",
            "images.lock:12: unknown key 'type' in images[0].platforms[0].layers[0]"
        ),
        (
            "platform: linux/amd64\n", "platform: amd64\n",
            "images.lock:9: images[0].platforms[0].platform: malformed platform"
        ),
        ("[{bundle: b, file: f, object: o, field: x}]", "[]", "images.lock:13: images[0].origins can't be '[]'"),
        ("url: \"https://x/y\"", "url: a, path: b", "images.lock:15: files[0].path can't be 'b'"),
        ("url: \"https://x/y\", ", "", "images.lock:15: files[0] has no 'url'"),
        (
            "files:\n",
            "  - {reference: nginx:1.25, name: docker.io/library/nginx:1.25, state: unresolved, origins: [{bundle: b, file: f, object: o, field: y}]}\nfiles:\n",
            "images.lock:14: image 'docker.io/library/nginx:1.25' stands in line 4 already"
        ),
        (
            "files:\n", "files:\n  - {name: k0s, bundle: b, platform: linux/amd64, path: p, state: unresolved}\n",
            "images.lock:16: file 'k0s' stands in line 15 already"
        ),
        ("<<<<<<<", "", ""), ("kind: ImagesLock", "<<<<<<< ours\nkind: ImagesLock", "images.lock:"),
    ]) func refuses(_ old: String, _ new: String, _ expected: String) throws {
        let text = Self.good.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false).joined(
            separator: new)
        do {
            _ = try ImagesLock(text: text, file: "images.lock")
            #expect(expected.isEmpty, "\(expected)")
        } catch { #expect(error.description.hasPrefix(expected), "\(error)") }
    }
}
