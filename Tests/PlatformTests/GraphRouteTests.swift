import Definition
import DefinitionTestSupport
import OCI
import SystemPackage
import Testing
import Yams

@Suite struct GraphRouteTests {
    /// The documented ways in: path, Service and port; whether Traefik takes the path away.
    static let routes: [(path: String, service: String, port: String, isStripped: Bool)] = [
        ("/nifi", "nifi-service", "8443", false), ("/nifi-api", "nifi-service", "8443", false),
        ("/nifi-registry", "nifi-registry-service", "18080", false),
        ("/nifi-registry-api", "nifi-registry-service", "18080", false),
        ("/kafka-ui", "kafka-ui-service", "8080", false),
        ("/elasticsearch", "elasticsearch-service", "9200", true), ("/grafana", "grafana-service", "3000", false),
        ("/prometheus", "prometheus-server-service", "9090", false),
        ("/alertmanager", "alertmanager-service", "9093", false),
        ("/ksqldb", "ksqldb-server-service", "8088", true),
        ("/schema-registry", "schema-registry-service", "8081", true),
        ("/", "flink-jobmanager-service", "8081", false),
    ]

    private static let annotation = "traefik.ingress.kubernetes.io/router."

    @Test func everyPathLeadsToItsService() throws {
        let graph = try Variant().graph()
        for route in Self.routes {
            let ingress = try #require(
                graph.all("Ingress").first { graph.routes(of: $0).contains { $0.path == route.path } }, "\(route.path)")
            let found = try #require(graph.routes(of: ingress).first { $0.path == route.path })
            #expect(found.service == route.service)
            let port = graph.object("Service", route.service)?["spec", "ports"]?.items.first {
                [$0["name"]?.string, $0["port"]?.string].contains(found.port)
            }
            #expect(port?["port"]?.string == route.port, "\(route.path)")
            let annotations = strings(ingress["metadata", "annotations"])
            let points = annotations[Self.annotation + "entrypoints"]
            #expect(points == (route.path == "/" ? "flink" : "web,websecure"), "\(route.path)")
            let strips = (annotations[Self.annotation + "middlewares"] ?? "").split(separator: ",").filter {
                $0.hasPrefix("strip-")
            }
            #expect(strips == (route.isStripped ? ["strip-\(route.path.dropFirst())@file"] : []), "\(route.path)")
        }
    }

    @Test func aPathLeadsToOneServiceOnly() throws {
        let graph = try Variant().graph()
        var seen: Set<[String]> = []
        for ingress in graph.all("Ingress") {
            let points = strings(ingress["metadata", "annotations"])[Self.annotation + "entrypoints"] ?? ""
            for route in graph.routes(of: ingress) {
                #expect(seen.insert([points, route.path]).inserted, "\(route.path) of \(points)")
            }
        }
    }

    /// Without a name every name works; with one, that one.
    @Test func theHostIsTheParameters() throws {
        for (overrides, host) in [([:], ""), (["ingressHost": "data.example.com"], "data.example.com")] {
            let graph = try Variant(nil, overrides).graph()
            for route in graph.all("Ingress").flatMap(graph.routes) {
                #expect(route.host ?? "" == host, "\(route.path)")
            }
        }
    }

    /// NiFi speaks TLS only, by a certificate of its own.
    @Test func traefikSpeaksTLSWithNiFi() throws {
        let service = try #require(try Variant().graph().object("Service", "nifi-service"))
        let annotations = strings(service["metadata", "annotations"])
        #expect(annotations["traefik.ingress.kubernetes.io/service.serversscheme"] == "https")
    }

    static let images = [
        "docker.elastic.co/elasticsearch/elasticsearch:7.17.10", "docker.io/apache/flink:1.18.1-scala_2.12",
        "docker.io/apache/nifi-registry:1.23.2", "docker.io/apache/nifi:1.23.2",
        "docker.io/confluentinc/cp-kafka:7.6.1", "docker.io/confluentinc/cp-schema-registry:7.6.1",
        "docker.io/confluentinc/ksqldb-cli:0.29.0", "docker.io/confluentinc/ksqldb-server:0.29.0",
        "docker.io/grafana/grafana:10.0.3", "docker.io/library/busybox:1.35.0", "docker.io/library/traefik:v2.9.10",
        "docker.io/prom/alertmanager:v0.25.1", "docker.io/prom/node-exporter:v1.6.1",
        "docker.io/prom/prometheus:v2.47.0", "docker.io/provectuslabs/kafka-ui:v0.7.2",
        "quay.io/prometheuscommunity/elasticsearch-exporter:v1.6.0",
    ]

    @Test(arguments: Variant.profiles) func theImagesAreThose(_ variant: Variant) throws {
        let platform = try variant.rendered()
        #expect(Set(ObjectGraph(platform).containers.map(\.image)).sorted() == Self.images)
        #expect(!ObjectGraph(platform).containers.contains { $0.image.hasSuffix(":latest") })
    }

    @Test func everyImageIsInTheLock() throws {
        let platform = try Variant().rendered()
        let lock = try ImagesLock(at: repositoryRoot.appending(ImagesLock.fileName))
        let system = try #require(platform.definition.kubernetes).images.map(\.reference)
        #expect(system.count == 7)
        for image in Self.images + system {
            #expect(lock[try ImageReference(parsing: image)] != nil, "\(image)")
        }
    }
}
