/// The version of this Sealift: of both executables, which always travel together.
package enum SealiftVersion {
    package static let current = "0.1.0"
}
