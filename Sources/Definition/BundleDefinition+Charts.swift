package import SystemPackage

extension BundleDefinition {
    /// A chart that `helm template` makes manifests of when the bundle is built.
    package struct Chart: Hashable, Sendable {
        /// Where the chart comes from.
        package enum Source: Hashable, Sendable {
            /// A folder, or a packed chart, in the bundle's folder.
            case local(BundlePath)
            /// A repository by its URL (`https`, `http`, `oci`), a chart in it and its exact version.
            case repository(url: String, chart: String, version: String)
        }

        /// What becomes of the CustomResourceDefinitions that it brings.
        package enum Definitions: String, Hashable, Sendable, CaseIterable {
            case include, skip, only
        }

        /// The release's name, unique in its stage.
        package let release: String
        /// Where objects go that name no namespace.
        package let namespace: String
        package let source: Source
        /// The values files, each over those before it, and over them what stands in the definition; `nil`: none.
        package let values: YAMLNode?
        package let definitions: Definitions
        /// What the chart is told that Kubernetes is: `1.36.3`.
        package let kubernetesVersion: String
        /// API versions that the chart is told of beside Kubernetes' own.
        package let apiVersions: [String]
        package let line: Int
    }

    /// A folder that kustomize makes manifests of when the bundle is built.
    package struct Kustomization: Hashable, Sendable {
        package let folder: BundlePath
    }

    /// Something in the bundle's folder that isn't one file.
    package struct BundlePath: Hashable, Sendable {
        /// Relative to the bundle's folder.
        package let path: String
        /// Where it is, by way of the folder that the user named.
        package let location: FilePath
        /// Whether it is a folder; else it is a regular file.
        package let isFolder: Bool
        package let line: Int
    }

    /// Something to be said about the definition that stops nothing.
    package struct Remark: Hashable, Sendable {
        package let location: SourceLocation
        package let message: String

        package init(_ location: SourceLocation, _ message: String) {
            self.location = location
            self.message = message
        }
    }

    /// Whether manifests have to be made of something before anything can be found in them.
    package var needsRendering: Bool { stages.contains { !$0.charts.isEmpty || !$0.kustomizations.isEmpty } }

    /// The definition with manifests that were made for its stages, by stage, behind those that it names.
    package func adding(_ rendered: [String: [BundleFile]], remarks: [Remark]) -> BundleDefinition {
        var result = self
        result.stages = stages.map { stage in
            var stage = stage
            stage.manifests += rendered[stage.name] ?? []
            return stage
        }
        result.remarks += remarks
        return result
    }
}

extension BundleDefinition.Chart {
    /// The lock's name of the chart of this release: no file has one with a slash.
    package func lockName(in stage: BundleDefinition.Stage) -> String { "charts/\(stage.name)/\(release)" }

    /// Where its manifests are in the bundle, relative to the definition.
    package func manifestPath(in stage: BundleDefinition.Stage) -> String { "charts/\(stage.name)/\(release).yaml" }

    /// Where it comes from, as the lock has it.
    package var lockSource: ImagesLock.File.Source {
        switch source {
        case .local(let place): .path(place.path)
        case .repository(let url, let chart, let version): .chart(repository: url, name: chart, version: version)
        }
    }
}
