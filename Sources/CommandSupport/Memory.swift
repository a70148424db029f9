internal import CLinux

/// What this process holds in memory: keys, passphrases, passwords, tokens.
package enum Memory {
    /// Keeps it from everybody but root: no core dump is written or piped to a handler, whatever the limits say, and no
    /// process of the same user may look into it. Programs that it starts are not affected.
    package static func hide() {
        // There is no error to be had for these arguments (prctl(2)).
        _ = sealift_hide_memory()
    }
}
