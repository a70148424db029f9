import OCI
import SystemPackage
import TestSupport

/// A bundle whose images exist only in the registries of the tests.
struct SampleBundle: Sendable {
    /// An image, and how a manifest names it.
    struct Image: Sendable {
        var written: String
        var repository: String
        var tag: String
        var image: TestImage

        /// The name that the runtime asks for.
        var name: String { "docker.io/\(repository):\(tag)" }
    }

    var name = "sample"
    var platforms = ["linux/amd64"]
    /// Whether it brings a k0s, which `sealift build` is to be given.
    var hasKubernetes = false
    var images: [Image]

    /// The archive's file name.
    var archive: String {
        "\(name)-1.0.0-\(platforms.map { $0.replacing("/", with: "-") }.joined(separator: "+")).tar.zst"
    }

    private static let kubernetes =
        "kubernetes: {distribution: k0s, version: v1.36.3+k0s.0, binary: {linux/amd64: {url: https://none.example/k0s}}}"

    /// Puts all images into `registry`.
    func publish(to registry: DockerRegistry) throws {
        for image in images { try registry.add(image.image, as: image.repository, tag: image.tag) }
    }

    /// Writes the definition and one manifest per image, a Job that asks for it.
    func write(to folder: FilePath) throws {
        var definition = """
            apiVersion: sealift/v1
            kind: Bundle
            metadata:
              name: \(name)
              version: 1.0.0
            platforms: [\(platforms.joined(separator: ", "))]\(hasKubernetes ? "\n\(Self.kubernetes)" : "")
            stages:
              - name: only
                manifests:

            """
        for (index, image) in images.enumerated() {
            definition += "      - manifests/job-\(index).yaml\n"
            let manifest = """
                apiVersion: batch/v1
                kind: Job
                metadata:
                  name: job-\(index)
                spec:
                  template:
                    spec:
                      restartPolicy: Never
                      containers:
                        - name: main
                          image: \(image.written)
                          imagePullPolicy: Never
                          resources:
                            limits: {cpu: 100m, memory: 32Mi}

                """
            try TestSupport.write(manifest.utf8, to: folder.appending("manifests/job-\(index).yaml"))
        }
        try TestSupport.write(definition.utf8, to: folder.appending("bundle.yaml"))
    }
}

extension SampleBundle {
    /// An OCI index, a Docker schema 2 image and two OCI images, all on one base layer.
    static func ordinary() throws -> SampleBundle {
        SampleBundle(images: [
            Image(
                written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                image: try TestImage(platforms: [.linuxAMD64, .linuxARM64], seed: 1)),
            Image(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(format: .docker, layers: [2000, 5000, 70_000], seed: 2)),
            Image(
                written: "docker.io/grafana/grafana:10.1.0", repository: "grafana/grafana", tag: "10.1.0",
                image: try TestImage(seed: 3)),
            Image(
                written: "index.docker.io/apache/kafka:3.7.0", repository: "apache/kafka", tag: "3.7.0",
                image: try TestImage(layers: [2000, 300_000], seed: 4)),
        ])
    }

    /// Two images for both architectures.
    static func everyPlatform() throws -> SampleBundle {
        let platforms = [Platform.linuxAMD64, .linuxARM64]
        return SampleBundle(
            platforms: ["linux/amd64", "linux/arm64"],
            images: [
                Image(
                    written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                    image: try TestImage(platforms: platforms, seed: 1)),
                Image(
                    written: "traefik:v2.9", repository: "library/traefik", tag: "v2.9",
                    image: try TestImage(platforms: platforms, layers: [2000, 100, 40_000], seed: 2)),
            ])
    }

    /// An OCI index, a Docker schema 2 image and a Docker manifest list, with a real shell as their base.
    static func runnable() throws -> SampleBundle {
        let base = [(name: "bin/sh", bytes: try contents(of: "/bin/busybox"))]
        return SampleBundle(images: [
            Image(
                written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                image: try TestImage(platforms: [.linuxAMD64, .linuxARM64], seed: 1, base: base)),
            Image(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(format: .docker, seed: 2, base: base)),
            Image(
                written: "traefik:v2.9", repository: "library/traefik", tag: "v2.9",
                image: try TestImage(format: .docker, platforms: [.linuxAMD64, .linuxARM64], seed: 3, base: base)),
        ])
    }

    /// One small image.
    static func tiny() throws -> SampleBundle {
        SampleBundle(
            name: "tiny",
            images: [
                Image(
                    written: "busybox:1.35.0", repository: "library/busybox", tag: "1.35.0",
                    image: try TestImage(seed: 1))
            ])
    }

    /// One image with a layer of `size` bytes.
    static func large(_ size: Int) throws -> SampleBundle {
        SampleBundle(images: [
            Image(
                written: "apache/nifi:1.23.2", repository: "apache/nifi", tag: "1.23.2",
                image: try TestImage(layers: [2000, size], seed: 5))
        ])
    }
}
