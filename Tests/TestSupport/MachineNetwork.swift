internal import Glibc
internal import Subprocess

/// A cable between two machines: what `Machine.run` takes as the network of each.
///
/// The first is 192.0.2.11, the second 192.0.2.12, and each is the other's default route.
package enum MachineNetwork {
    /// Whether a network can be made here; `need` says what that takes.
    package static let isAvailable = geteuid() == 0 && Program.isInstalled("ip")
    package static let need = "needs root and iproute2"

    /// Makes the cable, runs `body` with the names of its ends, and takes the cable away for certain.
    package static func with<Value: Sendable>(
        _ body: (_ first: String, _ second: String) async throws -> Value
    ) async throws -> Value {
        let ends = ["a", "b"].map { "sealift-\(getpid())-\(UInt32.random(in: 0...UInt32.max))-\($0)" }
        do {
            for end in ends { try await ip("netns", "add", end) }
            try await ip(
                "link", "add", "lan0", "netns", ends[0], "type", "veth", "peer", "name", "lan0", "netns", ends[1])
            for (end, own) in zip(ends, ["11", "12"]) {
                try await ip("-n", end, "address", "add", "192.0.2.\(own)/24", "dev", "lan0")
                try await ip("-n", end, "link", "set", "lan0", "up")
            }
            for (end, other) in zip(ends, ["12", "11"]) {
                try await ip("-n", end, "route", "add", "default", "via", "192.0.2.\(other)")
            }
            let value = try await body(ends[0], ends[1])
            await remove(ends)
            return value
        } catch {
            await remove(ends)
            throw error
        }
    }

    private static func remove(_ ends: [String]) async {
        for end in ends { try? await ip("netns", "delete", end) }  // not there where making it failed
    }

    private static func ip(_ arguments: String...) async throws {
        let result = try await Subprocess.run(
            .name("ip"), arguments: Arguments(arguments), output: .discarded, error: .string(limit: 4096))
        guard result.terminationStatus.isSuccess else {
            throw Failed(command: arguments.joined(separator: " "), error: result.standardError)
        }
    }

    struct Failed: Error {
        var command: String
        var error: String
    }
}
