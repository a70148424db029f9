internal import Linux

/// What this process holds in memory: keys, passphrases, passwords, tokens.
package enum Memory {
    /// Keeps it from everybody but root: no core dump is written or piped to a handler, whatever the limits say, and no
    /// process of the same user may look into it. Programs that it starts are not affected.
    package static func hide() {
        Kernel.hideMemory()
    }
}
