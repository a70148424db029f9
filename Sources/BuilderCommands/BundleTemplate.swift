/// The files of a new bundle.
struct BundleTemplate {
    let name: String
    /// The bundle's one manifest, where its author has one; `nil` for a web server as an example.
    let manifest: String?
    /// What the bundle is built for.
    let platform: String

    /// The texts by path; what is the same is in the same order.
    var files: [(path: String, text: String)] {
        var files = [
            ("bundle.yaml", definition), ("manifests/\(name).yaml", manifest ?? sample),
            (".gitignore", "# Archives that sealift build makes.\n/dist/\n"), ("README.md", readme),
        ]
        if manifest == nil { files.append(("checks/\(name).yaml", check)) }
        return files
    }

    private var definition: String {
        """
        # What goes into the bundle. Every key: docs/bundle-format.md of Sealift. An unknown key is an error.
        apiVersion: sealift/v1
        kind: Bundle
        metadata:
          name: \(name)
          version: 0.1.0
          description: says what this bundle is for
        platforms: [\(platform)]

        # Values that whoever installs may choose: ${{ message }} in a manifest is replaced by what they choose.
        \(manifest == nil ? parameters : "# parameters:\n#   - {name: dataDir, type: path, default: /var/lib/\(name), description: where data is}")

        # The steps of the installation, in this order. A step is done when everything in it is ready and its checks pass.
        stages:
          - name: \(name)
            manifests: [manifests/*.yaml]
            ready: {timeout: 5m}
            \(manifest == nil ? "checks: [checks/*.yaml]" : "# checks: [checks/*.yaml]")
            # A Helm chart or a kustomization, made into manifests when the bundle is built:
            # charts:
            #   - release: traefik
            #     namespace: ingress
            #     repository: oci://ghcr.io/traefik/helm
            #     chart: traefik
            #     version: 37.1.0
            #     kubeVersion: 1.36.3
            #     values: {deployment: {replicas: 1}}
            # kustomize: [overlays/site]

        # Images that no manifest shows, with the reason:
        # images:
        #   - {reference: "docker.io/library/busybox:1.36.1", reason: "to look around by hand"}

        # What `sealift images` asks about and is right as it is, with the reason:
        # ignore:
        #   - {lint: missing-probes, where: Deployment/\(name), reason: "it has no port"}

        """
    }

    private var parameters: String {
        """
        parameters:
          - name: message
            default: Hello from the far side of the air gap
            description: what the web server says
        """
    }

    private var readme: String {
        """
        # \(name)

        A bundle of Sealift: `bundle.yaml` says what is in it.

        ```sh
        sealift images .    # which images it needs, who asks for them, and what would not work without a network
        sealift lock .      # asks the registries what every tag is, and writes images.lock: keep it under version control
        sealift build .     # packs everything into one archive in dist/
        ```

        On the isolated host, with what is in `dist/`:

        ```sh
        sudo ./sealift-installer install \(name)-0.1.0-\(platform.split(separator: "/").joined(separator: "-")).tar.zst
        ```

        """
    }

    private var sample: String {
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: \(name)
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \(name)
          namespace: \(name)
        data:
          index.html: |
            ${{ message }}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \(name)
          namespace: \(name)
          labels: {app: \(name)}
        spec:
          selector:
            matchLabels: {app: \(name)}
          template:
            metadata:
              labels: {app: \(name)}
            spec:
              containers:
                - name: web
                  # A tag that says a version: with none, or with latest, nobody could say what is in the bundle.
                  image: docker.io/library/busybox:1.36.1
                  # The image is on the host before the pod is; there is no registry to ask.
                  imagePullPolicy: Never
                  command: [httpd, -f, -p, "8080", -h, /www]
                  ports:
                    - {name: http, containerPort: 8080}
                  readinessProbe:
                    httpGet: {path: /, port: http}
                  livenessProbe:
                    tcpSocket: {port: http}
                  resources:
                    limits: {cpu: 100m, memory: 32Mi}
                  volumeMounts:
                    - {name: pages, mountPath: /www, readOnly: true}
              volumes:
                - name: pages
                  configMap: {name: \(name)}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          name: \(name)
          namespace: \(name)
        spec:
          selector: {app: \(name)}
          ports:
            - {name: http, port: 80, targetPort: http}

        """
    }

    private var check: String {
        """
        # A check is a Job: the stage is done when it succeeds. This one asks the service for the message.
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: check-\(name)
          namespace: \(name)
        spec:
          backoffLimit: 3
          template:
            spec:
              restartPolicy: Never
              containers:
                - name: check
                  image: docker.io/library/busybox:1.36.1
                  imagePullPolicy: Never
                  command: [sh, -c, 'test "$(timeout 10 wget -q -O - http://\(name)/)" = "$MESSAGE"']
                  env:
                    - {name: MESSAGE, value: "${{ message }}"}
                  resources:
                    limits: {cpu: 100m, memory: 32Mi}

        """
    }
}
