package import SystemPackage

/// An archive made by somebody who means harm, and a word of what `verify` must say about it.
package struct HostileArchive: Sendable, CustomStringConvertible {
    package let description: String
    package let complaint: String
    private let make: @Sendable (FilePath) throws -> Void

    /// `make` writes the archive to the path that it is given.
    init(_ description: String, _ complaint: String, _ make: @escaping @Sendable (FilePath) throws -> Void) {
        self.description = description
        self.complaint = complaint
        self.make = make
    }

    /// Writes the archive.
    package func write(to path: FilePath) throws { try make(path) }

    /// Every one that is known.
    package static let all = tarTricks + frameTricks + indexTricks + nameTricks + billTricks
}
