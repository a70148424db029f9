internal import SystemPackage

/// Programs of the system that tests compare with.
package enum Program {
    /// Whether `name` is installed in `/usr/bin`.
    package static func isInstalled(_ name: String) -> Bool { exists(FilePath("/usr/bin").appending(name)) }

    /// Runs `name` to its end and returns what it printed; throws where it fails.
    package static func run(_ name: String, _ arguments: [String]) async throws -> String {
        try await Service.call(name, arguments)
    }
}
