import BundleFormat
import Definition
import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

private let validator = ProcessInfo.processInfo.environment["SEALIFT_KUBERNETES_VALIDATE"]

/// The rendered objects against the schemas of the Kubernetes that the bundle brings.
@Suite(.enabled(if: validator != nil, "needs $SEALIFT_KUBERNETES_VALIDATE; see scripts/fetch-test-parts"))
struct SchemaTests {
    /// What is wrong with the documents of `text`: whatever did not pass, unknown kinds among it.
    private func complaints(about text: String, version: String) async throws -> (passed: Int, failed: [String]) {
        let program = try #require(validator)
        let result = try await run(
            .path(FilePath(program)), arguments: ["--strict", "-k", version, "/dev/stdin"], input: .string(text),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        let lines = (result.standardOutput + result.standardError).split(separator: "\n").map(String.init)
        let passed = lines.filter { $0.hasPrefix("INFO") && $0.contains(" passed for resource ") }
        return (passed.count, lines.filter { !passed.contains($0) })
    }

    /// `1.36.3` of `v1.36.3+k0s.0`.
    private func version(of platform: RenderedPlatform) throws -> String {
        let text = try #require(platform.definition.kubernetes?.version)
        return String(text.drop { $0 == "v" }.prefix { $0 != "+" })
    }

    @Test(arguments: Variant.all) func everyObjectIsOfItsKind(_ variant: Variant) async throws {
        let platform = try variant.rendered()
        let text = platform.files.map(\.text).joined(separator: "\n---\n")
        let found = try await complaints(about: text, version: version(of: platform))
        #expect(found.failed == [])
        #expect(found.passed == platform.objects.count)
    }

    @Test(arguments: [
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {port: 1}}",
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: http}]}}",
        "{apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {name: a}}",
        "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a}}",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1}}",
    ]) func anObjectThatIsNotIsNoticed(_ object: String) async throws {
        let found = try await complaints(about: object, version: version(of: RenderedPlatform()))
        #expect(found.failed.count == 1)
        #expect(found.passed == 0)
    }
}
