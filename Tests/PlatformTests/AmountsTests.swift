import BundleFormat
import Definition
import Discovery
import Testing

@testable import Preflight

/// What preflight reads from manifests line by line is what the build counts from their YAML.
@Suite struct AmountsTests {
    private func amounts(
        _ platform: RenderedPlatform, _ values: [String: String]
    ) throws -> (read: ManifestAmounts, counted: Requirements) {
        let definition = platform.definition
        let texts = try definition.stages.flatMap(\.manifests).map { try $0.text() }
        let expansion = try ParameterExpansion(parameters: definition.parameters, values: values)
        return (ManifestAmounts(of: texts, expansion), try discover(in: definition, values: values).requirements)
    }

    @Test(arguments: [
        ["kafkaMemory": "9Gi", "kafkaMemoryLimit": "10Gi"], ["flinkTaskManagers": "4", "flinkTaskManagerCpu": "1500m"],
        ["kafkaVolume": "77Gi"],
    ]) func aDifferentValueMakesTheSameDifference(_ chosen: [String: String]) throws {
        let platform = try RenderedPlatform()
        let before = try amounts(platform, platform.values)
        let now = try amounts(platform, platform.values.merging(chosen) { _, chosen in chosen })
        #expect(now.counted != before.counted)
        func difference(_ read: (ManifestAmounts) -> Int64, _ counted: (Requirements) -> Int64) -> Bool {
            read(now.read) - read(before.read) == counted(now.counted) - counted(before.counted)
        }
        #expect(difference(\.cpuMillis, \.cpuMillis))
        #expect(difference(\.memoryBytes, \.memoryBytes))
        #expect(difference(\.memoryLimitBytes, \.memoryLimitBytes))
        #expect(difference({ $0.capacities.values.reduce(0, +) }, \.volumeBytes))
        #expect(before.read.capacities.count == before.counted.hostPaths.filter { $0.bytes != nil }.count)
    }
}
