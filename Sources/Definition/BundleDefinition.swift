package import BundleFormat
package import OCI
package import SystemPackage

/// What goes into a bundle: the content of its bundle.yaml, every path resolved, every value that matters with its line.
package struct BundleDefinition: Hashable, Sendable {
    /// The file's name in a bundle's folder.
    package static let fileName = "bundle.yaml"

    /// The bundle's folder, as the user named it.
    package let folder: FilePath
    package let name: String
    package let version: String
    package let description: String?
    /// What the bundle is built for unless the user asks for less; never empty.
    package let platforms: [Platform]
    /// `nil`: the bundle is installed onto a Kubernetes that is there.
    package let kubernetes: Kubernetes?
    package let parameters: [Parameter]
    /// Parameter values by profile name.
    package let profiles: [String: [String: String]]
    /// The steps of the installation, in order; never empty.
    package internal(set) var stages: [Stage]
    /// Images that no manifest shows, and guesses that were confirmed.
    package let images: [NamedImage]
    /// Guesses that were dismissed, lint that was waived.
    package let waivers: [Waiver]
    package let files: [ExtraFile]
    /// What was noticed while manifests were made of charts.
    package internal(set) var remarks: [Remark] = []

    /// The definition's own file, as the user reaches it.
    package var file: FilePath { folder.appending(Self.fileName) }

    /// A line of the definition, for a message.
    package func location(line: Int) -> SourceLocation { SourceLocation(file: file.string, line: line) }

    /// The files of all stages: manifests, then checks, each once.
    package var manifestsAndChecks: [BundleFile] {
        var seen: Set<String> = []
        return stages.flatMap { $0.manifests + $0.checks }.filter { seen.insert($0.path).inserted }
    }

    /// The Kubernetes distribution that the bundle brings.
    package struct Kubernetes: Hashable, Sendable {
        /// Only `k0s` is known.
        package let distribution: String
        package let version: String
        /// One for every platform of the bundle.
        package let binaries: [Platform: Source]
        package let config: BundleFile?
        /// The distribution's own images, as written; they may have placeholders.
        package let images: [NamedImage]
        package let line: Int
    }

    /// Where a file that travels with the bundle comes from.
    package struct Source: Hashable, Sendable {
        /// The place.
        package enum Place: Hashable, Sendable {
            case url(String)
            case file(BundleFile)
        }

        /// What the content is checked against.
        package enum Checksum: Hashable, Sendable {
            case digest(Digest)
            /// The URL of a publisher's list, in the format of sha256sum.
            case list(String)
        }

        package let place: Place
        /// `nil`: the lock takes the digest of what it downloads.
        package let checksum: Checksum?
        package let line: Int
    }

    /// One step of the installation.
    package struct Stage: Hashable, Sendable {
        package let name: String
        /// In the order in which they are applied: as named, what a pattern found sorted by path, each file once.
        /// Behind those named, once they have been made, what kustomizations and charts give.
        package internal(set) var manifests: [BundleFile]
        /// Folders for kustomize, in the order in which they are applied.
        package let kustomizations: [Kustomization]
        /// Charts for helm, in the order in which they are applied, behind everything else.
        package let charts: [Chart]
        package let checks: [BundleFile]
        /// How long to wait until everything of the stage is ready, in seconds.
        package let readyTimeout: Int
        package let line: Int
    }

    /// An image that the definition itself names.
    package struct NamedImage: Hashable, Sendable {
        /// As written; may have placeholders.
        package let reference: String
        package let reason: String?
        package let line: Int
        /// Its place in the definition: `images[0].reference`.
        package let field: String
    }

    /// Something that discovery or lint reported, and why it is right as it is.
    package struct Waiver: Hashable, Sendable {
        /// What is waived.
        package enum Subject: Hashable, Sendable {
            /// The text was taken for an image and is none that the bundle needs.
            case reference(String)
            /// A finding of this rule in a file (relative to the bundle) or an object (`Kind/name`).
            case lint(LintRule, place: String)
        }

        package let subject: Subject
        package let reason: String
        package let line: Int
    }

    /// An extra file that travels with the bundle.
    package struct ExtraFile: Hashable, Sendable {
        package let name: String
        package let source: Source
        /// Its permission bits in octal: `0644`.
        package let mode: String
        package let line: Int
    }
}

extension BundleDefinition {
    /// The lock's entries for the Kubernetes binary and the extra files, all unresolved.
    package func lockFiles() -> [ImagesLock.File] {
        var files = files.map { file in
            ImagesLock.File(name: file.name, bundle: name, platform: nil, source: .init(file.source))
        }
        if let kubernetes {
            for (platform, source) in kubernetes.binaries {
                files.append(
                    .init(name: kubernetes.distribution, bundle: name, platform: platform, source: .init(source)))
            }
        }
        for stage in stages {
            for chart in stage.charts {
                files.append(
                    .init(
                        name: chart.lockName(in: stage), bundle: name, platform: nil, source: chart.lockSource))
            }
        }
        return ImagesLock(files: files).files
    }
}

extension ImagesLock.File.Source {
    fileprivate init(_ source: BundleDefinition.Source) {
        switch source.place {
        case .url(let url): self = .url(url)
        case .file(let file): self = .path(file.path)
        }
    }
}
