import Definition
import DefinitionTestSupport
import Discovery
import OCI
import SystemPackage
import Testing

@Suite struct ConfirmingTests {
    private let guesses = """
        kind: Custom
        metadata: {name: x}
        a: quay.io/a/a:1
        b: quay.io/b/b:1
        image: c
        """

    @Test func whatNobodyConfirmsIsReportedWithWhatToDo() throws {
        let found = try discovered(guesses)
        #expect(found.images.isEmpty)
        #expect(found.unconfirmed.map(\.written) == ["c", "quay.io/a/a:1", "quay.io/b/b:1"])
        #expect(ImageDiscovery.hint(for: found.unconfirmed[0]).contains("add to ignore: {reference: \"c\", reason:"))
    }

    @Test func theDefinitionConfirmsAndDismisses() throws {
        let found = try discovered(
            guesses,
            more: """
                images:
                  - {reference: quay.io/a/a:1, reason: it is run by the operator}
                  - {reference: "busybox:1.35", reason: by hand}
                ignore:
                  - {reference: "quay.io/b/b:1", reason: a comment}
                  - {reference: c, reason: a column}
                """)
        #expect(found.unconfirmed.isEmpty)
        #expect(
            found.lines == [
                "certain docker.io/library/busybox:1.35 10 Bundle/demo images[1].reference",
                "certain quay.io/a/a:1 9 Bundle/demo images[0].reference", "certain quay.io/a/a:1 3 Custom/x a",
            ])
        #expect(found.warnings.isEmpty)
    }

    @Test func aLikelyImageCanBeDismissedInAnySpelling() throws {
        let found = try discovered(
            "kind: Custom\nimage: a:1\n", more: "ignore: [{reference: docker.io/library/a:1, reason: x}]\n")
        #expect(found.lines.isEmpty)
    }

    @Test func entriesWithoutEffectAreReportedWithTheirLine() throws {
        let pod = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a:1, \(limits)}]}\n"
        let found = try discovered(
            pod,
            more: """
                ignore:
                  - {reference: never/there:1, reason: x}
                  - {reference: "a:1", reason: x}
                  - {lint: host-path, where: Pod/p, reason: x}
                """)
        #expect(found.images.map(\.written) == ["a:1"], "what Kubernetes will run can't be dismissed")
        let warnings = found.warnings.map { $0.description.split(separator: "/").last.map { String($0) } ?? "" }
        #expect(warnings.count == 3)
        #expect(found.warnings.map(\.location.line) == [9, 10, 11])
        #expect(found.warnings[0].message.contains("nothing in the manifests looks like 'never/there:1'"))
        #expect(found.warnings[1].message.contains("'a:1' can't be ignored: m.yml:3 runs it (Pod/p)"))
        #expect(found.warnings[2].message.contains("no finding of host-path in 'Pod/p'"))
    }

    @Test func imagesOfKubernetesAreImagesOfTheBundle() throws {
        let found = try discovered(
            "",
            more: """
                kubernetes:
                  distribution: k0s
                  version: v1
                  binary: {linux/amd64: {path: k0s}}
                  images: [quay.io/k/pause:3, "quay.io/k/${{ flavour }}:1"]
                parameters: [{name: flavour, default: proxy}]
                """, files: ["k0s": ""])
        #expect(found.kubernetesImages.map(\.description) == ["quay.io/k/pause:3", "quay.io/k/proxy:1"])
        #expect(
            found.lines == [
                "certain quay.io/k/pause:3 12 Bundle/demo kubernetes.images[0]",
                "certain quay.io/k/proxy:1 12 Bundle/demo kubernetes.images[1]",
            ])
        #expect(found.frozenParameters == ["flavour"])
    }

    @Test func entriesForTheLockHaveNoLines() throws {
        let found = try discovered("kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: \"a:1\"}]}\n")
        let entries = found.lockEntries(for: "demo")
        #expect(entries.map(\.reference) == ["a:1"])
        #expect(entries[0].origins.map(\.description) == ["demo: m.yml Pod/p spec.containers[0].image"])
        #expect(entries[0].resolution == nil)
    }
}

@Suite struct ParametersInManifestsTests {
    private let parameters = """
        parameters:
          - {name: tag, default: "1.25"}
          - {name: registry, default: quay.io}
          - {name: level, default: info}
          - {name: replicas, type: integer, default: 1}
          - {name: dataDir, type: path, default: /data}
          - {name: password, generate: {length: 24}}
        profiles:
          next: {tag: "1.26"}
        """
    private let manifest = """
        kind: Pod
        metadata: {name: "p-${{ level }}"}
        spec:
          replicas: ${{ replicas }}
          containers:
            - name: c
              image: ${{ registry }}/nginx:${{ tag }}
              args: ["--level=${{ level }}", "--dir=${{ dataDir }}", "--password=${{ password }}"]
            - {name: d, image: "a:1"}
        """

    @Test func areExpandedBeforeTheWalk() throws {
        let found = try discovered(manifest, more: parameters)
        #expect(found.images.map(\.reference.description) == ["docker.io/library/a:1", "quay.io/nginx:1.25"])
        #expect(found.images[1].origins[0].line == 7)
        let other = try discovered(manifest, more: parameters, overrides: ["tag": "9", "registry": "localhost"])
        #expect(other.images[1].reference.description == "localhost/nginx:9")
    }

    @Test func thoseThatImagesDependOnAreFrozen() throws {
        #expect(try discovered(manifest, more: parameters).frozenParameters == ["registry", "tag"])
    }

    @Test func choicesAreFrozenWhereImagesDependOnThem() throws {
        let parameters = """
            parameters:
              - {name: policy, choices: [Never, IfNotPresent], default: Never}
              - {name: tag, choices: ["1", "2"]}
              - {name: only, choices: ["1"], default: "1"}
            """
        let text = """
            kind: Pod
            metadata: {name: p}
            spec:
              containers:
                - {name: c, image: "a:${{ tag }}", imagePullPolicy: "${{ policy }}"}
                - {name: d, image: "b:${{ only }}"}
            """
        let found = try discovered(text, more: parameters, overrides: ["tag": "2"])
        #expect(found.images.map(\.reference.description) == ["docker.io/library/a:2", "docker.io/library/b:1"])
        #expect(found.frozenParameters == ["tag"])
    }

    @Test func dismissedTextsFreezeNothing() throws {
        let text = "kind: Custom\nwhere: ${{ registry }}/x:1\n"
        #expect(try discovered(text, more: parameters).frozenParameters == ["registry"])
        let ignored = parameters + "\nignore: [{reference: 'quay.io/x:1', reason: none}]\n"
        #expect(try discovered(text, more: ignored).frozenParameters == [])
    }

    @Test func anImageMustNotDependOnWhatIsOnlyKnownLater() throws {
        let text = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: \"a:${{ password }}\"}\n"
        let error = #expect(throws: DefinitionError.self) { try discovered(text, more: parameters) }
        #expect(
            error?.description.contains("/m.yml:5: spec.containers[0].image: the image depends on parameter 'password'")
                == true)
        #expect(error?.hint?.contains("--set password=VALUE") == true)
        #expect(try discovered(text, more: parameters, overrides: ["password": "x"]).frozenParameters == ["password"])
    }

    @Test func aMistakeInAPlaceholderNamesItsLine() throws {
        let error = #expect(throws: DefinitionError.self) {
            try discovered("kind: Pod\n\nx: ${{ tga }}\n", more: parameters)
        }
        #expect(error?.description.contains("/m.yml:3: unknown parameter 'tga'") == true)
        #expect(error?.hint == "did you mean 'tag'?")
    }

    @Test func theConfigurationOfKubernetesIsCheckedToo() throws {
        let error = #expect(throws: DefinitionError.self) {
            try discovered(
                "",
                more: """
                    kubernetes:
                      distribution: k0s
                      version: v1
                      binary: {linux/amd64: {path: k0s}}
                      config: k0s.cfg
                    """, files: ["k0s": "", "k0s.cfg": "a: 1\nb: ${{ none }}\n"])
        }
        #expect(error?.description.contains("/k0s.cfg:2: unknown parameter 'none'") == true)
    }
}
