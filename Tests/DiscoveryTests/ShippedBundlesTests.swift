import BundleFormat
import Definition
import DefinitionTestSupport
import Discovery
import OCI
import SystemPackage
import Testing

@Suite struct ShippedBundlesTests {
    static let names = ["hello", "infometis"]

    private func definition(_ name: String) throws -> BundleDefinition {
        try BundleDefinition(at: repositoryRoot.appending("bundles").appending(name))
    }

    @Test(arguments: names) func loadsAndIsFitForTheFarSide(_ name: String) throws {
        let definition = try definition(name)
        let found = try discover(in: definition, values: definition.values())
        #expect(definition.name == name)
        #expect(found.unconfirmed.isEmpty)
        #expect(found.errors.isEmpty)
        #expect(found.warnings.isEmpty)
        #expect(found.frozenParameters.isEmpty)
    }

    @Test func helloHasTwoStagesOneImageAndACheck() throws {
        let definition = try definition("hello")
        let found = try discover(in: definition, values: definition.values())
        #expect(definition.stages.map(\.name) == ["web", "listen"])
        #expect(definition.stages[0].checks.map(\.path) == ["checks/web.yaml"])
        #expect(found.images.map(\.reference.description) == ["docker.io/library/busybox:1.35.0"])
        #expect(found.images[0].origins.map(\.object) == ["Job/check-web", "Job/listen", "Deployment/web"])
    }

    @Test func infometisNamesEveryImageOfThePlatform() throws {
        let definition = try definition("infometis")
        let found = try discover(in: definition, values: definition.values())
        #expect(
            definition.stages.map(\.name)
                == ["core", "data", "processing", "storage", "visualisation", "ingestion"])
        let own = Set(found.images.map(\.reference)).subtracting(found.kubernetesImages).map(\.description).sorted()
        #expect(
            own == [
                "docker.elastic.co/elasticsearch/elasticsearch:7.17.10", "docker.io/apache/flink:1.18.1-scala_2.12",
                "docker.io/apache/nifi-registry:1.23.2", "docker.io/apache/nifi:1.23.2",
                "docker.io/confluentinc/cp-kafka:7.6.1", "docker.io/confluentinc/cp-schema-registry:7.6.1",
                "docker.io/confluentinc/ksqldb-cli:0.29.0", "docker.io/confluentinc/ksqldb-server:0.29.0",
                "docker.io/grafana/grafana:10.0.3",
                "docker.io/library/busybox:1.35.0", "docker.io/library/traefik:v2.9.10",
                "docker.io/prom/alertmanager:v0.25.1", "docker.io/prom/node-exporter:v1.6.1",
                "docker.io/prom/prometheus:v2.47.0", "docker.io/provectuslabs/kafka-ui:v0.7.2",
                "quay.io/prometheuscommunity/elasticsearch-exporter:v1.6.0",
            ])
        #expect(found.kubernetesImages.count == 7)
        // Of node-exporter, and of Flink's checkpoints.
        #expect(found.findings.map(\.rule) == [.sharedClaim, .sharedClaim, .hostPath, .hostPath, .hostPath])
        #expect(found.findings.allSatisfy { $0.waiver != nil })
    }

    /// The lock may be resolved further at any time; who asks for what must be what the manifests say.
    ///
    /// After a change of the bundles: `SEALIFT_UPDATE_LOCK=1 swift test --filter ShippedBundles`, or `sealift lock`.
    @Test func theLockHasEveryReferenceAndOrigin() throws {
        let path = repositoryRoot.appending(ImagesLock.fileName)
        var lock = try environment("SEALIFT_UPDATE_LOCK") == nil ? ImagesLock(at: path) : ImagesLock()
        let committed = lock
        for name in Self.names {
            let definition = try definition(name)
            let found = try discover(in: definition, values: definition.values())
            lock = lock.replacing(
                bundle: name, images: found.lockEntries(for: name), files: definition.lockFiles())
            #expect(ImagesLock.defaultPath(forBundleAt: definition.folder).lastComponent == path.lastComponent)
        }
        if environment("SEALIFT_UPDATE_LOCK") != nil {
            try write(lock.encoded(), to: path)
        } else {
            #expect(lock.difference(from: committed).description == "")
            #expect(lock == committed)
            #expect(lock.encoded() == (try readText(at: path)))
        }
    }
}
