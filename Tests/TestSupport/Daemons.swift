package import SystemPackage

/// Programs that serve on 127.0.0.1 for the time of a closure.
package enum Daemons {
    /// As many ports, different from each other, on which nothing listens.
    package static func freePorts(_ count: Int) -> [Int] {
        var ports: [Int] = []
        while ports.count < count {
            let port = Loopback.freePort()
            if !ports.contains(port) { ports.append(port) }
        }
        return ports
    }

    /// Runs `commands` side by side, each a program and its arguments, until `body` ends; `body` starts once each of
    /// `ports` answers. What they print goes to `log`.
    package static func run<Value: Sendable>(
        _ commands: [[String]], ports: [Int], log: FilePath, body: () async throws -> Value
    ) async throws -> Value {
        try await Service.run(commands, ports: ports, log: log.string, body: body)
    }

    /// Asks again, for up to two minutes, until `condition` holds; whether it did.
    package static func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<600 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(200))
        }
        return false
    }
}
