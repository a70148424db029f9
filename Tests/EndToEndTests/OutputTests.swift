import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// What commands print for people and for programs.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct OutputTests {
    private struct Event: Decodable {
        var event: String
        var path: String?
        var digest: Digest?
    }

    @Test func aDryRunShowsThePlanAndWritesNothing() async throws {
        struct Plan: Decodable {
            var images: Int
            var output: String
            var bytesToFetch: Int64
        }
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            #expect(try await place.lock(mirror: registry.mirror).code == 0)
            let cached = place.names(in: place.cache.appending("blobs/sha256"))
            let run = try await place.build(mirror: registry.mirror, ["--dry-run"])
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.output.contains("to fetch"))
            let plan = try await place.build(mirror: registry.mirror, ["--dry-run", "--format", "json"])
                .decoded(Plan.self)
            #expect(plan.images == sample.images.count)
            #expect(plan.output == place.output.appending(sample.archive).string)
            #expect(plan.bytesToFetch > 300_000)
            #expect(!exists(place.output))
            #expect(place.names(in: place.cache.appending("blobs/sha256")) == cached)
        }
    }

    @Test func buildEventsAreOneObjectALine() async throws {
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        try await DockerRegistry.with(.plain) { registry in
            try sample.publish(to: registry)
            let run = try await place.build(mirror: registry.mirror, ["--format", "json"])
            #expect(run.code == 0, "\(run.transcript)")
            let events = try run.lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
            #expect(events.filter { $0.event == "resolved" }.count == sample.images.count)
            #expect(events.filter { $0.event == "planned" }.count == 1)
            let last = try #require(events.last)
            #expect(last.event == "finished")
            #expect(last.path == place.output.appending(sample.archive).string)
            #expect(last.digest == .of(Data(try contents(of: place.output.appending(sample.archive)))))
        }
    }

    @Test func imagesNamesWhoAsks() async throws {
        struct Listing: Decodable {
            struct Image: Decodable {
                var reference: String
                var written: String
                var origins: [Origin]
            }

            struct Origin: Decodable {
                var file: String
                var object: String
            }

            var bundle: String
            var images: [Image]
        }
        let sample = try SampleBundle.ordinary()
        let place = try Workplace(sample)
        let run = try await place.sealift(["images", place.bundle.string, "--format", "json"])
        #expect(run.code == 0, "\(run.transcript)")
        let listing = try run.decoded(Listing.self)
        #expect(listing.bundle == "sample")
        #expect(Set(listing.images.map(\.reference)) == Set(sample.images.map(\.name)))
        #expect(Set(listing.images.map(\.written)) == Set(sample.images.map(\.written)))
        #expect(listing.images.flatMap(\.origins).map(\.object).sorted() == (0..<4).map { "Job/job-\($0)" })
        let text = try await place.sealift(["images", place.bundle.string])
        #expect(text.code == 0)
        #expect(text.output.contains("4 images, 0 unconfirmed guesses, 0 findings"))
    }

    @Test(arguments: [
        [], ["images"], ["lock"], ["build"], ["verify"], ["inspect"], ["cache"], ["cache", "prune"],
    ])
    func everyVerbExplainsItself(_ verb: [String]) async throws {
        let place = try Workplace(.ordinary())
        let run = try await place.sealift(verb + ["--help"])
        #expect(run.code == 0)
        #expect(run.output.contains("USAGE: sealift"))
        #expect(run.errors.isEmpty)
        if verb.isEmpty || verb == ["verify"] || verb == ["inspect"] {
            let installer = try await place.run([Executables.installer.string] + verb + ["--help"])
            #expect(installer.code == 0)
            #expect(installer.output.contains("USAGE: sealift-installer"))
        }
    }
}
