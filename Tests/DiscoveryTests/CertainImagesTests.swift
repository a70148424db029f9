import Definition
import DefinitionTestSupport
import Discovery
import SystemPackage
import Testing

@Suite struct CertainImagesTests {
    @Test func everyContainerOfAPod() throws {
        let found = try discovered(
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: p}
            spec:
              initContainers:
                - {name: i, image: "busybox:1.35"}
              containers:
                - name: c
                  image: >-
                    nginx:1.25
                - {name: d, image: 'quay.io/x/y@sha256:\(String(repeating: "a", count: 64))'}
              ephemeralContainers:
                - {name: e, image: debug/tools:2}
              volumes:
                - name: v
                  image: {reference: "quay.io/models/m:1", pullPolicy: IfNotPresent}
                - {name: w, emptyDir: {}}
            """)
        #expect(
            found.lines == [
                "certain docker.io/debug/tools:2 13 Pod/p spec.ephemeralContainers[0].image",
                "certain docker.io/library/busybox:1.35 6 Pod/p spec.initContainers[0].image",
                "certain docker.io/library/nginx:1.25 9 Pod/p spec.containers[0].image",
                "certain quay.io/models/m:1 16 Pod/p spec.volumes[0].image.reference",
                "certain quay.io/x/y@sha256:\(String(repeating: "a", count: 64)) 11 Pod/p spec.containers[1].image",
            ])
    }

    @Test(arguments: [
        (
            "Deployment", "spec: {template: {spec: {containers: [{name: c, image: a:1}]}}}",
            "spec.template.spec.containers[0].image"
        ),
        (
            "StatefulSet", "spec: {template: {spec: {containers: [{name: c, image: a:1}]}}}",
            "spec.template.spec.containers[0].image"
        ),
        (
            "DaemonSet", "spec: {template: {spec: {initContainers: [{name: c, image: a:1}]}}}",
            "spec.template.spec.initContainers[0].image"
        ),
        (
            "Job", "spec: {template: {spec: {containers: [{name: c, image: a:1}]}}}",
            "spec.template.spec.containers[0].image"
        ),
        (
            "CronJob", "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: a:1}]}}}}}",
            "spec.jobTemplate.spec.template.spec.containers[0].image"
        ),
        ("PodTemplate", "template: {spec: {containers: [{name: c, image: a:1}]}}", "template.spec.containers[0].image"),
        (
            "FlinkDeployment", "spec: {podTemplate: {spec: {containers: [{name: c, image: a:1}]}}}",
            "spec.podTemplate.spec.containers[0].image"
        ),
        (
            "Rollout", "spec: {strategy: [{job: {containers: [{name: c, image: a:1}]}}]}",
            "spec.strategy[0].job.containers[0].image"
        ),
        (
            "Prometheus", "spec: {containers: [{name: c, resources: {}}, {name: d, image: a:1}]}",
            "spec.containers[1].image"
        ),
        ("Odd", "spec: {\"x.y/z\": {containers: [{name: c, image: a:1}]}}", "spec[\"x.y/z\"].containers[0].image"),
    ]) func podSpecsOfEveryKind(_ kind: String, _ body: String, _ field: String) throws {
        let found = try discovered("apiVersion: v1\nkind: \(kind)\nmetadata: {name: x}\n\(body)\n")
        #expect(found.lines == ["certain docker.io/library/a:1 4 \(kind)/x \(field)"])
    }

    @Test func listsAreTakenApartAtAnyDepth() throws {
        let found = try discovered(
            """
            kind: List
            items:
              - kind: Pod
                metadata: {name: a}
                spec: {containers: [{name: c, image: a:1}]}
              - kind: PodList
                items:
                  - metadata: {name: b}
                    spec: {containers: [{name: c, image: b:1}]}
            ---
            # nothing here
            ---
            kind: Pod
            metadata: {generateName: c-}
            spec: {containers: [{name: c, image: c:1}]}
            ---
            spec: {containers: [{name: c, image: d:1}]}
            """)
        #expect(
            found.lines == [
                "certain docker.io/library/a:1 5 Pod/a spec.containers[0].image",
                "certain docker.io/library/b:1 9 Pod/b spec.containers[0].image",
                "certain docker.io/library/c:1 15 Pod/c-* spec.containers[0].image",
                "certain docker.io/library/d:1 17 document 3 spec.containers[0].image",
            ])
    }

    @Test func anchorsAndMergesAreResolved() throws {
        let found = try discovered(
            """
            kind: Pod
            metadata: {name: a}
            base: &base {image: a:1, imagePullPolicy: Never}
            spec:
              containers:
                - {<<: *base, name: x}
                - {<<: *base, name: y, image: b:1}
                - &z {name: z, image: c:1}
                - *z
            """)
        #expect(found.images.filter { $0.grade == .certain }.map(\.written) == ["a:1", "b:1", "c:1"])
    }

    @Test func jsonIsYAML() throws {
        let found = try discovered(
            #"{"kind": "Pod", "metadata": {"name": "j"}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}"#)
        #expect(found.lines == ["certain docker.io/library/a:1 1 Pod/j spec.containers[0].image"])
    }

    @Test func oneImageOfSeveralSpellingsHasAllOrigins() throws {
        let found = try discovered(
            """
            kind: Pod
            metadata: {name: a}
            spec: {containers: [{name: c, image: nginx:1}, {name: d, image: docker.io/nginx:1}, {name: e, image: library/nginx:1}]}
            """)
        #expect(found.images.count == 1)
        #expect(found.images[0].written == "docker.io/nginx:1")
        #expect(
            found.images[0].origins.map(\.field) == [
                "spec.containers[0].image", "spec.containers[1].image", "spec.containers[2].image",
            ])
    }

    @Test(arguments: [
        (
            "Nginx:1",
            "m.yml:4: Pod/p spec.containers[0].image: malformed image reference 'Nginx:1': a repository is lowercase"
        ),
        ("", "m.yml:4: Pod/p spec.containers[0].image: malformed image reference '': a name must not be empty"),
        ("\"{{ .Values.image }}\"", "m.yml:4: Pod/p spec.containers[0].image: malformed image reference"),
        ("[a]", "m.yml:4: Pod/p spec.containers[0].image: malformed image reference ''"),
        ("${{ tag }}", "m.yml:4: unknown parameter 'tag': the bundle has no parameters"),
    ]) func aMalformedImageIsAnErrorWithItsPlace(_ image: String, _ expected: String) throws {
        let manifest = "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c,\n  image: \(image)}]}\n"
        let manifestInBlocks = "kind: Pod\nmetadata: {name: p}\nspec: {\"containers\":\n    [{image: \(image)}]}\n"
        for text in [manifest, manifestInBlocks] {
            let error = #expect(throws: DefinitionError.self) { try discovered(text) }
            #expect(error?.description.contains("/\(expected)") == true, "\(error?.description ?? "")")
        }
    }

    @Test func aContainerWithoutAnImageIsAnErrorWhereKubernetesRunsIt() throws {
        let body =
            "metadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: \"a:1\"}\n  - {name: d, args: [x]}\n"
        let error = #expect(throws: DefinitionError.self) { try discovered("kind: Pod\n" + body) }
        #expect(error?.description.contains("/m.yml:6: Pod/p spec.containers[1] has no 'image'") == true)
        #expect(try discovered("kind: Custom\n" + body).images.map(\.written) == ["a:1"])
        let parts =
            "kind: Custom\nspec: {containers: [{name: c, image: {repository: a, tag: \"1\"}}, {name: d, image: ''}]}\n"
        #expect(
            try discovered(parts).lines == ["likely docker.io/library/a:1 2 Custom spec.containers[0].image.repository"]
        )
    }

    @Test func aSyntaxErrorInAManifestNamesFileLineAndColumn() throws {
        let error = #expect(throws: DefinitionError.self) { try discovered("kind: Pod\nspec: {\n  a: [1\n}\n") }
        #expect(error?.description.contains("/m.yml:4:1: not valid yaml: ") == true, "\(error?.description ?? "")")
    }
}
