import Testing
import Yams

@Suite struct PostureNetworkTests {
    /// A policy that chooses every pod of the namespace and takes no connection by itself.
    @Test(arguments: ["development", "restricted"]) func podsTakeNoConnectionUnlessAPolicySaysSo(_ profile: String)
        throws
    {
        let policies = try Variant(profile).graph().all("NetworkPolicy")
        #expect(
            policies.contains { policy in
                strings(policy["spec", "podSelector", "matchLabels"]).isEmpty
                    && (policy["spec", "policyTypes"]?.items ?? []).contains { $0.string == "Ingress" }
            })
    }

    /// Who may connect without Traefik: everybody in development, nobody but the node where access is restricted.
    @Test(arguments: [
        (Variant("development"), "0.0.0.0/0"), (Variant("restricted"), "127.0.0.1/32"),
        (Variant(nil, ["clientCIDR": "192.0.2.0/24"]), "192.0.2.0/24"),
    ]) func theClientsAreThoseOfTheParameter(_ variant: Variant, _ range: String) throws {
        let ranges = try variant.graph().all("NetworkPolicy").flatMap { policy in
            (policy["spec", "ingress"]?.items ?? []).flatMap { $0["from"]?.items ?? [] }
                .compactMap { $0["ipBlock"]?["cidr"]?.string }
        }
        #expect(ranges.contains(range))
        if variant.profile == "restricted" { #expect(!ranges.contains("0.0.0.0/0")) }
    }

    /// What is secret stands in Secrets only, never in a ConfigMap or a variable that everybody may read.
    @Test func generatedValuesStandInSecrets() throws {
        let marks = [
            "nifiPassword": "Secret0nifiPassword0000x", "nifiSensitiveKey": "Secret0nifiSensitiveKey000000000",
            "grafanaPassword": "Secret0grafanaPassword0x",
        ]
        let graph = try Variant(nil, marks).graph()
        for (name, value) in marks {
            let holders = graph.objects.filter { $0.node.scalars.contains { $0.contains(value) } }
            #expect(!holders.isEmpty, "\(name)")
            #expect(holders.filter { $0.kind != "Secret" }.map(\.title) == [], "\(name)")
        }
    }
}
