import BundleFormat
import FoundationEssentials
import OCI
import Testing

@Suite struct RequirementsTests {
    private let counted = Requirements(
        cpuMillis: 1500, memoryBytes: 1 << 30, memoryLimitBytes: 2 << 30, volumeBytes: 5 << 30,
        hostPorts: [.init(port: 80, protocol: "TCP", owner: "Deployment/traefik")],
        hostPaths: [.init(path: "/srv/data", owner: "PersistentVolume/data", bytes: 5 << 30)])

    private func description(_ requirements: Requirements?) -> BundleDescription {
        var description = BundleDescription(
            name: "demo", version: "1", description: nil, platforms: [.linuxAMD64], kubernetes: nil, parameters: [],
            profiles: [:], stages: [], images: [], files: [], builtWith: "test")
        if let requirements { description.requirements = requirements }
        return description
    }

    private func json(_ description: BundleDescription) throws -> String {
        String(decoding: try encodeJSON(description), as: UTF8.self)
    }

    private func read(_ text: String) throws -> BundleDescription {
        try Document<BundleDescription>(bytes: Data(text.utf8), mediaType: .bundleConfig).value
    }

    @Test func theyTravelInTheDescription() throws {
        let text = try json(description(counted))
        #expect(text.contains(#""requirements":{"#))
        #expect(try read(text).requirements == counted)
        #expect(try read(text) == description(counted))
    }

    @Test func aProfileAsksForItsOwn() throws {
        var whole = description(counted)
        whole.profileRequirements = ["small": Requirements(cpuMillis: 1), "tiny": Requirements(cpuMillis: 2)]
        whole = try read(json(whole))
        let asked = [nil, "small", "restricted", "small,restricted", "small,tiny", "tiny,small"]
            .map { whole.requirements(withProfile: $0).cpuMillis }
        #expect(asked == [1500, 1, 1500, 1, 2, 1])
        whole.profileRequirements["small"]?.cpuMillis = -1
        let text = try json(whole)
        #expect(throws: Malformed.self) { try read(text) }
    }

    @Test func aDescriptionWithoutThemAsksForNothing() throws {
        let text = try json(description(nil))
        #expect(!text.contains("equirements"))
        #expect(try read(text).requirements == Requirements())
        #expect(description(Requirements()) == description(nil))
    }

    @Test(arguments: [
        ("\"cpuMillis\":1500", "\"cpuMillis\":-1"), ("\"bytes\":5368709120", "\"bytes\":-1"),
        ("\"port\":80", "\"port\":0"), ("\"port\":80", "\"port\":65536"), ("\"/srv/data\"", "\"srv\""),
    ]) func figuresThatNoBuildWritesAreRefused(_ good: String, _ bad: String) throws {
        let text = try json(description(counted))
        #expect(text.contains(good))
        let changed = text.split(separator: good, omittingEmptySubsequences: false).joined(separator: bad)
        #expect(throws: Malformed.self) { try read(changed) }
    }
}
