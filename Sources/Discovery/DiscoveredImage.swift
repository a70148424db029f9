package import OCI

/// An image that something in a bundle asks for.
package struct DiscoveredImage: Hashable, Sendable {
    /// How sure it is that the text is an image that will be run.
    package enum Grade: Int, Hashable, Sendable, Comparable, CustomStringConvertible {
        /// Looks like an image, in a place that says nothing about it: must be confirmed or dismissed.
        case guess
        /// A reference in a place that is named after images: an argument, a variable, a field of a custom resource.
        case likely
        /// Kubernetes itself will run it, or the definition says so.
        case certain

        package static func < (left: Grade, right: Grade) -> Bool { left.rawValue < right.rawValue }

        package var description: String {
            switch self {
            case .guess: "guess"
            case .likely: "likely"
            case .certain: "certain"
            }
        }
    }

    /// A place that asks for it.
    package struct Origin: Hashable, Sendable, Comparable {
        /// Relative to the bundle's folder.
        package let file: String
        package let line: Int
        /// `Kind/name`.
        package let object: String
        package let field: String
        /// The chart's template that gave the line; `nil` where the file is the bundle's own.
        package let template: String?

        package static func < (left: Origin, right: Origin) -> Bool {
            (left.file, left.line, left.field) < (right.file, right.line, right.field)
        }
    }

    package let reference: ImageReference
    /// As it is written; where it is written in several ways, the first of them sorted.
    package let written: String
    /// That of the surest origin.
    package let grade: Grade
    /// Sorted, never empty.
    package let origins: [Origin]
}
