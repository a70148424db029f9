import FoundationEssentials
import HTTP
import HostileBundles
import OCI
import RegistryServer
import TestSupport
import Testing

/// The cases of distribution-spec 1.1's conformance tests for the categories "Pull" and "Content Discovery" that apply to
/// a registry whose content is given, by the endpoints that the specification's table gives them.
@Suite struct PullConformanceTests {
    private let sample: SampleBundle
    private let repository = "docker.io/library/app"
    private let unknown = Digest.of(Data("nobody has this".utf8))

    init() throws { sample = try SampleBundle() }

    private var image: TestImage { sample.images[0] }

    @Test func end1DeterminingSupport() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for path in ["/v2/", "/v2"] {
                let answer = try await client.send(path)
                #expect(answer.response.status == 200)
                #expect(answer.response.headers["docker-distribution-api-version"] == "registry/2.0")
            }
        }
    }

    @Test func end2PullingBlobs() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for blob in image.manifests[0].value.layers + [image.manifests[0].value.config] {
                let path = "/v2/\(repository)/blobs/\(blob.digest)"
                let head = try await client.send(path, .head)
                #expect(head.response.status == 200)
                #expect(head.response.headers["content-length"] == "\(blob.size)")
                #expect(head.response.headers["docker-content-digest"] == "\(blob.digest)")
                #expect(head.body.isEmpty)
                let get = try await client.send(path)
                #expect(get.response.status == 200)
                #expect(get.body == image.bytes(of: blob))
            }
            for method in [HTTPRequest.Method.get, .head] {
                let absent = try await client.send("/v2/\(repository)/blobs/\(unknown)", method)
                #expect(absent.response.status == 404)
                if method == .get { #expect(try ErrorBody.code(in: absent.body) == "BLOB_UNKNOWN") }
            }
            // Another image's blob is not this one's.
            let foreign = sample.images[2].manifests[0].value.layers[2].digest
            #expect(try await client.send("/v2/\(repository)/blobs/\(foreign)").response.status == 404)
        }
    }

    @Test(arguments: [
        ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=1000-", 1000..<9_000_000),
        ("bytes=-10", -10..<9_000_000), ("bytes=5-99999999999999999999", 5..<9_000_000),
    ])
    func end2PullingPartsOfBlobs(_ header: String, _ expected: Range<Int>) async throws {
        let blob = image.manifests[0].value.layers[1]
        let bytes = image.bytes(of: blob)
        let start = expected.lowerBound < 0 ? bytes.count + expected.lowerBound : expected.lowerBound
        let end = min(expected.upperBound, bytes.count)
        try await serving(sample) { server, _ in
            let answer = try await Client(server).send(
                "/v2/\(repository)/blobs/\(blob.digest)", .get, ["Range": header])
            #expect(answer.response.status == 206)
            #expect(answer.response.headers["content-range"] == "bytes \(start)-\(end - 1)/\(bytes.count)")
            #expect(answer.body == Array(bytes[start..<end]))
        }
    }

    @Test func end2PartsThatAreNotThereOrNotUnderstood() async throws {
        let blob = image.manifests[0].value.layers[1]
        try await serving(sample) { server, _ in
            let client = Client(server)
            let path = "/v2/\(repository)/blobs/\(blob.digest)"
            for header in ["bytes=\(blob.size)-", "bytes=-0", "bytes=99999999999999999999-"] {
                let answer = try await client.send(path, .get, ["Range": header])
                #expect(answer.response.status == 416, "\(header)")
                #expect(answer.response.headers["content-range"] == "bytes */\(blob.size)")
            }
            for header in ["bytes=0-1,4-5", "items=0-1", "bytes=", "bytes=-", "bytes=5-2", "bytes=x-1", "bytes=+1-2"] {
                let answer = try await client.send(path, .get, ["Range": header])
                #expect(answer.response.status == 200, "\(header)")
                #expect(answer.body.count == Int(blob.size))
            }
        }
    }

    @Test func end3PullingManifests() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for (reference, image) in zip(SampleBundle.references, sample.images) {
                let repository = String(reference.prefix { $0 != ":" })
                let tag = String(reference.drop { $0 != ":" }.dropFirst())
                let children = image.manifests.map { ("\($0.descriptor.digest)", $0.descriptor) }
                for (name, descriptor) in [(tag, image.root), ("\(image.root.digest)", image.root)] + children {
                    let path = "/v2/\(repository)/manifests/\(name)"
                    let head = try await client.send(path, .head)
                    let get = try await client.send(path)
                    for answer in [head.response, get.response] {
                        #expect(answer.status == 200)
                        #expect(answer.headers["content-type"] == descriptor.mediaType.rawValue)
                        #expect(answer.headers["docker-content-digest"] == "\(descriptor.digest)")
                        #expect(answer.headers["content-length"] == "\(descriptor.size)")
                    }
                    #expect(head.body.isEmpty)
                    #expect(get.body == image.bytes(of: descriptor))
                    let same = try await client.send(path, .get, ["If-None-Match": "\"\(descriptor.digest)\""])
                    #expect(same.response.status == 304)
                }
            }
        }
    }

    @Test func end3AbsentManifestsAndNames() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for (path, status, code) in [
                ("/v2/\(repository)/manifests/none", 404, "MANIFEST_UNKNOWN"),
                ("/v2/\(repository)/manifests/\(unknown)", 404, "MANIFEST_UNKNOWN"),
                ("/v2/docker.io/library/other/manifests/1.0", 404, "NAME_UNKNOWN"),
                ("/v2/\(repository)/manifests/sha256:12", 400, "DIGEST_INVALID"),
                ("/v2/\(repository)/blobs/sha256:..%2F..%2Fetc", 400, "DIGEST_INVALID"),
                ("/v2/../../etc/manifests/passwd", 404, "NAME_UNKNOWN"),
                ("/v2/UPPER/case/manifests/1.0", 400, "NAME_INVALID"),
                ("/etc/passwd", 404, "UNSUPPORTED"),
            ] {
                let answer = try await client.send(path)
                // libcurl itself takes "..", so that another path arrives.
                #expect(answer.response.status == status || path.contains(".."), "\(path)")
                if !path.contains("..") { #expect(try ErrorBody.code(in: answer.body) == code, "\(path)") }
            }
        }
    }

    @Test func end8ListingTags() async throws {
        let sample = try SampleBundle { parts in
            for (seed, tag) in ["1.1", "1.2", "latest"].enumerated() {
                let image = try TestImage(platforms: parts.platforms, seed: UInt64(10 + seed))
                parts.images.append(("docker.io/library/app:\(tag)", image))
            }
        }
        struct Tags: Decodable, Equatable {
            var name: String
            var tags: [String]
        }
        try await serving(sample) { server, _ in
            let client = Client(server)
            func tags(_ query: String) async throws -> (tags: [String], link: String?) {
                let answer = try await client.send("/v2/\(repository)/tags/list\(query)")
                let list = try JSONDecoder().decode(Tags.self, from: Data(answer.body))
                #expect(list.name == repository)
                return (list.tags, answer.response.headers["link"])
            }
            #expect(try await tags("").tags == ["1.0", "1.1", "1.2", "latest"])
            let first = try await tags("?n=3")
            #expect(first.tags == ["1.0", "1.1", "1.2"])
            #expect(first.link == "</v2/\(repository)/tags/list?n=3&last=1.2>; rel=\"next\"")
            let second = try await tags("?n=3&last=1.2")
            #expect(second.tags == ["latest"])
            #expect(second.link == nil)
            #expect(try await tags("?n=0").tags.isEmpty)
            #expect(try await tags("?last=1.1").tags == ["1.2", "latest"])
            #expect(try await client.send("/v2/\(repository)/tags/list?n=x").response.status == 400)
            #expect(try await client.send("/v2/docker.io/library/none/tags/list").response.status == 404)
        }
    }

    @Test func end12ListingReferrers() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for digest in [image.root.digest, unknown] {
                let answer = try await client.send("/v2/\(repository)/referrers/\(digest)")
                #expect(answer.response.status == 200)
                #expect(answer.response.headers["content-type"] == MediaType.ociIndex.rawValue)
                let index = try JSONDecoder().decode(ImageIndex.self, from: Data(answer.body))
                #expect(index.manifests.isEmpty)
                #expect(answer.response.headers["oci-filters-applied"] == nil)
            }
            let filtered = try await client.send(
                "/v2/\(repository)/referrers/\(image.root.digest)?artifactType=application%2Fvnd.x")
            #expect(filtered.response.headers["oci-filters-applied"] == "artifactType")
            #expect(try await client.send("/v2/\(repository)/referrers/none").response.status == 400)
        }
    }

    @Test func catalogListsEveryRepository() async throws {
        struct Catalog: Decodable { var repositories: [String] }
        try await serving(sample) { server, _ in
            let client = Client(server)
            let all = try JSONDecoder().decode(Catalog.self, from: Data(try await client.send("/v2/_catalog").body))
            #expect(
                all.repositories == ["docker.io/library/app", "registry.example/team/db", "registry.example/team/web"])
            let page = try await client.send("/v2/_catalog?n=1&last=docker.io/library/app")
            #expect(page.response.headers["link"]?.contains("last=registry.example/team/db") == true)
        }
    }

    /// end-4 to end-11: pushing and deleting are not for a registry that reads.
    @Test func end4ToEnd11AreRefused() async throws {
        try await serving(sample) { server, _ in
            let client = Client(server)
            for (method, path) in [
                (HTTPRequest.Method.post, "/v2/\(repository)/blobs/uploads/"),
                (.put, "/v2/\(repository)/manifests/1.0"), (.patch, "/v2/\(repository)/blobs/uploads/1"),
            ] {
                let answer = try await client.send(path, method)
                #expect(answer.response.status == 405)
                #expect(answer.response.headers["allow"] == "GET, HEAD")
                #expect(try ErrorBody.code(in: answer.body) == "UNSUPPORTED")
            }
        }
    }

    /// containerd, `docs/hosts.md`: a mirror is asked for the path, and told the registry with `ns`.
    @Test func findsImagesAsMirrorsAreAsked() async throws {
        let sample = try SampleBundle { parts in
            parts.images.append(("other.example/team/db:2", parts.images[0].image))
        }
        try await serving(sample) { server, _ in
            let client = Client(server)
            let (app, db) = ("\(sample.images[0].root.digest)", "\(sample.images[1].root.digest)")
            let expected: [(path: String, digest: String?)] = [
                ("/v2/library/app/manifests/1.0?ns=docker.io", app), ("/v2/docker.io/library/app/manifests/1.0", app),
                ("/v2/library/app/manifests/1.0", app), ("/v2/team/db/manifests/2?ns=registry.example", db),
                ("/v2/team/db/manifests/2?ns=other.example", app),
                // Two registries have that path, and a third is meant.
                ("/v2/team/db/manifests/2", nil), ("/v2/library/app/manifests/1.0?ns=third.example", nil),
            ]
            for (path, digest) in expected {
                let found = try await client.send(path, .head).response.headers["docker-content-digest"]
                #expect(found == digest, "\(path)")
            }
        }
    }
}
