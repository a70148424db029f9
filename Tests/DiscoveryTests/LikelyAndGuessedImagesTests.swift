import Discovery
import Testing

@Suite struct LikelyAndGuessedImagesTests {
    private static func custom(_ body: String) -> String { "kind: Custom\nmetadata: {name: x}\nspec:\n  \(body)\n" }

    @Test(arguments: [
        ("image: quay.io/a/b:1", "likely quay.io/a/b:1 4 Custom/x spec.image"),
        ("image: a:1", "likely docker.io/library/a:1 4 Custom/x spec.image"),
        ("image: nginx", "guess docker.io/library/nginx:latest 4 Custom/x spec.image"),
        ("sidecarImage: a/b:1", "likely docker.io/a/b:1 4 Custom/x spec.sidecarImage"),
        ("imageName: a/b:1", "likely docker.io/a/b:1 4 Custom/x spec.imageName"),
        ("images: [a/b:1]", "likely docker.io/a/b:1 4 Custom/x spec.images[0]"),
        ("image: docker://quay.io/a/b:1", "likely quay.io/a/b:1 4 Custom/x spec.image"),
        ("image: {repository: a/b, tag: 1.2}", "likely docker.io/a/b:1.2 4 Custom/x spec.image.repository"),
        (
            "image: {registry: quay.io, repository: a/b, tag: \"1\"}",
            "likely quay.io/a/b:1 4 Custom/x spec.image.repository"
        ),
        (
            "image: {registry: \"\", repository: a/b, tag: \"1\"}",
            "likely docker.io/a/b:1 4 Custom/x spec.image.repository"
        ),
        ("web: {repository: a/b, tag: \"1\"}", "likely docker.io/a/b:1 4 Custom/x spec.web.repository"),
        ("image: {name: a/b, tag: \"1\"}", "likely docker.io/a/b:1 4 Custom/x spec.image.name"),
        ("web: {image: a/b, tag: \"1\"}", "likely docker.io/a/b:1 4 Custom/x spec.web.image"),
        ("web: {image: a/b, imageTag: \"1\"}", "likely docker.io/a/b:1 4 Custom/x spec.web.image"),
        ("web: {image: \"a/b:2\", tag: \"1\"}", "likely docker.io/a/b:2 4 Custom/x spec.web.image"),
        ("env: [{name: SIDE_IMAGE, value: \"a/b:1\"}]", "likely docker.io/a/b:1 4 Custom/x spec.env[0].value"),
        ("image: {repository: a/b}", "guess docker.io/a/b:latest 4 Custom/x spec.image.repository"),
        (
            "images: [{name: old, newName: a/b, newTag: \"1\"}]",
            "likely docker.io/a/b:1 4 Custom/x spec.images[0].newName"
        ),
        ("other: registry.k8s.io/pause:3.9", "guess registry.k8s.io/pause:3.9 4 Custom/x spec.other"),
        ("other: example.com:5000/a:1", "guess example.com:5000/a:1 4 Custom/x spec.other"),
        ("other: quay.io/a/b", "guess quay.io/a/b:latest 4 Custom/x spec.other"),
        ("other: \"run quay.io/a/b:1 now\"", "guess quay.io/a/b:1 4 Custom/x spec.other"),
        ("other: \"--image=a/b:1\"", "likely docker.io/a/b:1 4 Custom/x spec.other"),
        ("other: \"kubectl run --image a/b:1\"", "likely docker.io/a/b:1 4 Custom/x spec.other"),
    ]) func isGradedByItsPlace(_ body: String, _ expected: String) throws {
        #expect(try discovered(Self.custom(body)).lines == [expected])
    }

    @Test(arguments: [
        "image: logo.png", "image: pictures/logo.svg", "image: https://example.com/a.png", "image: /static/a.jpg",
        "image: ./a", "image: data:image/png;base64,AAAA", "image: true", "image: 5", "image: ''", "image: none",
        "image: disk.qcow2", "image: debian-12.iso", "image: \"a picture of a cat\"", "image: Foo/Bar",
        "imagePullPolicy: Always",
        "imageTag: 1.2.3", "other: a/b:1", "other: kafka-service:9092", "other: example.com/a",
        "other: http://quay.io/a:1",
        "other: /quay.io/a:1", "other: 10.0.0.0/8", "other: 10:30", "repository: https://github.com/a/b",
        "other: a@b.c",
        "background-image: url(a.png)", "apiVersion: example.com/v1", "other: quay.io",
        "other: s3.example.com/bucket/a.tar",
        "image: $(IMAGE)", "image: \"{{ .Values.image }}\"", "image: {width: 5, height: 6}", "image: [1, 2]",
    ]) func plainlySomethingElseIsNotReported(_ body: String) throws {
        #expect(try discovered(Self.custom(body)).lines == [])
    }

    @Test func argumentsAndVariables() throws {
        let found = try discovered(
            """
            kind: Pod
            metadata: {name: p}
            spec:
              containers:
                - name: c
                  image: operator:1
                  command: [run, --sidecar-image, a:1]
                  args:
                    - --image=quay.io/b/b:1
                    - |
                      # start
                      kubectl run x --image=c/c:1 && docker pull quay.io/d/d:1
                    - --level=1
                    - --logo-image=https://example.com/logo.png
                  env:
                    - {name: SIDECAR_IMAGE, value: e/e:1}
                    - {name: RELATED_IMAGE_PROXY, value: f/f:1}
                    - {name: PLAIN_IMAGE, value: g}
                    - {name: OTHER, value: quay.io/h/h:1}
                    - {name: SERVERS, value: "kafka:9092,kafka:9093"}
                    - {name: FROM, valueFrom: {secretKeyRef: {name: a, key: image}}}
            """)
        #expect(
            found.lines == [
                "likely docker.io/c/c:1 12 Pod/p spec.containers[0].args[1]",
                "likely docker.io/e/e:1 16 Pod/p spec.containers[0].env[0].value",
                "likely docker.io/f/f:1 17 Pod/p spec.containers[0].env[1].value",
                "likely docker.io/library/a:1 7 Pod/p spec.containers[0].command[2]",
                "certain docker.io/library/operator:1 6 Pod/p spec.containers[0].image",
                "likely quay.io/b/b:1 9 Pod/p spec.containers[0].args[0]",
                "guess docker.io/library/g:latest 18 Pod/p spec.containers[0].env[2].value",
                "guess quay.io/d/d:1 12 Pod/p spec.containers[0].args[1]",
                "guess quay.io/h/h:1 19 Pod/p spec.containers[0].env[3].value",
            ])
    }

    @Test func textsInsideConfigMaps() throws {
        let found = try discovered(
            """
            kind: ConfigMap
            metadata:
              name: c
              annotations:
                kubectl.kubernetes.io/last-applied-configuration: '{"image": "old:1"}'
            data:
              RUNNER_IMAGE: a:1
              pod.yaml: |
                apiVersion: v1
                kind: Pod
                spec:
                  containers:
                    - name: x
                      image: b:1
                ---
                image: c:1
              settings.json: '{"image": "d:1", "nested": "{\\"image\\": \\"e:1\\"}"}'
              app.properties: |
                # comment
                runner.image=f:1
                logo.image=logo.png
                server=quay.io/g/g:1
              folded: >
                image: h:1
              script.sh: |
                set -e
                IMAGE=i:1
                docker run "quay.io/j/j:1" --flag
            """)
        #expect(
            found.lines == [
                "likely docker.io/library/a:1 7 ConfigMap/c data.RUNNER_IMAGE",
                "likely docker.io/library/b:1 14 ConfigMap/c data[\"pod.yaml\"].spec.containers[0].image",
                "likely docker.io/library/c:1 16 ConfigMap/c data[\"pod.yaml\"].image",
                "likely docker.io/library/d:1 17 ConfigMap/c data[\"settings.json\"].image",
                "likely docker.io/library/e:1 17 ConfigMap/c data[\"settings.json\"].nested.image",
                "likely docker.io/library/f:1 20 ConfigMap/c data[\"app.properties\"]",
                "likely docker.io/library/h:1 23 ConfigMap/c data.folded.image",
                "likely docker.io/library/i:1 27 ConfigMap/c data[\"script.sh\"]",
                "guess quay.io/g/g:1 22 ConfigMap/c data[\"app.properties\"]",
                "guess quay.io/j/j:1 28 ConfigMap/c data[\"script.sh\"]",
            ])
    }

    @Test func aDefinitionOfResourcesIsNotOne() throws {
        let found = try discovered(
            """
            kind: CustomResourceDefinition
            metadata: {name: x}
            spec:
              schema:
                properties:
                  image: {type: string, description: "the image, such as nginx"}
                  containers: {type: array, items: {properties: {image: {type: string}}}}
            """)
        #expect(found.lines == [])
    }
}
