internal import CLinux

/// What this executable was built from.
package enum BuildOrigin {
    /// The commit, where `SEALIFT_COMMIT` named one when it was built.
    package static var commit: String? {
        let commit = String(cString: sealift_commit())
        return commit.isEmpty ? nil : commit
    }
}
