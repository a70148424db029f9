internal import BundleFormat
internal import Linux

/// What `--version` prints.
package enum ProgramVersion {
    /// The version, alone in the first word, for scripts; then which bundles it reads, and what it was built from.
    package static var text: String {
        let commit = BuildOrigin.commit.map { ", commit \($0)" } ?? ""
        return "\(SealiftVersion.current) (bundle format \(BundleDescription.currentSchema)\(commit))"
    }
}
