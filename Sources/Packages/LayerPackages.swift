/// What one layer holds: packages by the file that tells of them, what it hides of layers below, what couldn't be read.
///
/// A value of the layer's bytes alone, so that it can be kept by the layer's digest.
package struct LayerPackages: Codable, Hashable, Sendable {
    /// Raised whenever the same layer may give other findings: results are kept by layer digest and by this.
    package static let formatVersion = 1

    /// A file that tells of packages; of none, perhaps: it still takes the place of one in a layer below.
    package struct Source: Codable, Hashable, Sendable {
        package var path: String
        package var packages: [FoundPackage]
    }

    /// What could not be read, and so may hold packages that nobody listed.
    package struct Unread: Codable, Hashable, Sendable {
        /// `nil`: the layer itself, from some byte on.
        package var path: String?
        package var reason: String
    }

    /// What an os-release file says.
    package struct Distribution: Codable, Hashable, Sendable {
        package var path: String
        package var id: String
        package var versionID: String?
        package var prettyName: String?
    }

    /// By path.
    package internal(set) var sources: [Source] = []
    package internal(set) var distributions: [Distribution] = []
    /// Paths that are gone, with all below them (image-spec layer.md, Whiteouts).
    package internal(set) var removed: [String] = []
    /// Folders of which nothing from below shows (image-spec layer.md, Opaque Whiteout).
    package internal(set) var emptied: [String] = []
    package internal(set) var unread: [Unread] = []

    /// Nothing found.
    package init() {}
}
