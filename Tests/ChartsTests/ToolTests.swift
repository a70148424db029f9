import Charts
import Definition
import SystemPackage
import Testing

private let bundle = demoBundle(
    """
        charts: [{release: shop, path: charts/web, kubeVersion: 1.36.3}]

    """, below("charts/web", webChart))

/// Tools that are not there, fail, hang and print anything.
@Suite struct ToolTests {
    @Test func saysWhichToolIsMissing() async throws {
        let failed = try await failure(bundle) { tools, folder in
            (tools.helm, tools.environment["PATH"]) = (nil, folder.string)
        }
        #expect(failed?.text.contains("can't render chart shop: it takes helm, which is in none of /") == true)
        #expect(failed?.hint?.contains("--helm FILE") == true)
    }

    @Test func sayWhichToolIsMissingForKustomizations() async throws {
        let files = demoBundle("    kustomize: [k]\n", ["k/kustomization.yaml": "resources: []\n"])
        let failed = try await failure(files) { tools, folder in
            (tools.kubectl, tools.environment["PATH"]) = (nil, folder.string)
        }
        #expect(failed?.text.contains("kustomization k: it takes kubectl or kustomize, which is in none of /") == true)
        #expect(failed?.hint?.contains("--kubectl FILE") == true)
    }

    @Test(arguments: [
        ("echo one >&2; echo two >&2; exit 3", "helm show ended with exit status 3:\n  one\n  two"),
        ("yes", "printed more than 16777216 bytes and was stopped"), ("exec sleep 600", "didn't end within"),
        ("echo hello", "its Chart.yaml has no name and version"),
        ("echo 'a: [b'", "its Chart.yaml can't be read"), ("printf '\\377\\376'", "is not UTF-8"),
        ("case $1 in show) echo 'name: web'; echo 'version: 1.2.3';; *) echo hello;; esac", "no object of Kubernetes"),
    ])
    func saysWhatAToolDid(script: String, text: String) async throws {
        let failed = try await failure(bundle) { tools, folder in
            tools.helm = try tool(script, in: folder)
            tools.timeouts.render = .seconds(script.contains("sleep") ? 1 : 60)
        }
        #expect(failed?.text.contains(text) == true, "\(failed?.text ?? "nothing failed")")
    }

    @Test func aToolSeesNothingOfTheUsers() async throws {
        let script = """
            if [ "$1" = show ]; then echo 'name: web'; echo 'version: 1.2.3'; exit; fi
            echo "kind: ConfigMap"; echo "metadata: {name: c}"; echo "data:"
            env | sed -n 's/^\\([A-Z_]*\\)=.*$/  \\1: x/p' | sort
            """
        let result = try await rendered(bundle) { tools, folder in
            tools.helm = try tool(script, in: folder)
            tools.environment.merge(["AWS_SECRET_ACCESS_KEY": "s", "HELM_TOKEN": "s", "USER": "somebody"]) { $1 }
        }
        let text = try #require(result.definition.stages[0].manifests.last).text()
        #expect(text.contains("HELM_CONFIG_HOME: x"))
        for name in ["AWS_SECRET_ACCESS_KEY", "HELM_TOKEN", "USER"] { #expect(!text.contains(name)) }
    }
}
