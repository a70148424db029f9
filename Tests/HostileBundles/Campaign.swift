internal import BundleFormat
internal import FoundationEssentials
package import SystemPackage
internal import TestSupport

/// Damages a bundle's archive many times over, and has the product's own library verify it each time, in this process.
package struct Campaign: Sendable {
    /// What came of it.
    package struct Figures: Sendable {
        package var kind: Damage.Kind
        /// How many were made; those of splices that changed nothing by chance are not counted.
        package var made = 0
        /// How many of them were found, and with the place: bytes, a member, or a part of the file.
        package var found = 0
        package var placed = 0
        /// How many were found in a member, or in bytes.
        package var inMembers = 0
        package var slowest = 0.0
        package var seconds = 0.0
        /// What went wrong, in full.
        package var failures: [String] = []

        /// One line.
        package var line: String {
            let rate = Int(Double(made) / max(seconds, 0.001))
            return "in this process: \(made) \(kind.rawValue): \(found) found, \(placed) with their place "
                + "(\(inMembers) by bytes or member), \(rate) a second, the slowest took \(Int(slowest * 1000)) ms"
        }
    }

    package let good: [UInt8]
    package let other: [UInt8]
    package let seed: UInt64

    package init(good: FilePath, other: FilePath, seed: UInt64) throws {
        self.good = try contents(of: good)
        self.other = try contents(of: other)
        self.seed = seed
    }

    /// Makes `count` damages of a kind, on as many threads as there are workers; each has its files in `folder`.
    package func run(_ kind: Damage.Kind, count: Int, workers: Int, in folder: FilePath) async throws -> Figures {
        let clock = ContinuousClock()
        let start = clock.now
        var figures = try await withThrowingTaskGroup(of: Figures.self) { group in
            for worker in 0..<workers {
                group.addTask { @concurrent in
                    let path = folder.appending("\(kind)-\(worker).tar.zst")
                    var figures = Figures(kind: kind)
                    for number in stride(from: worker, to: count, by: workers) {
                        try await one(Damage(kind, number: number, seed: seed, of: good.count), at: path, &figures)
                    }
                    return figures
                }
            }
            return try await group.reduce(into: Figures(kind: kind)) { $0.add($1) }
        }
        figures.seconds = (clock.now - start) / .seconds(1)
        return figures
    }

    private func one(_ damage: Damage, at path: FilePath, _ figures: inout Figures) async throws {
        let bytes = damage.applied(to: good, other: other)
        guard bytes != good, bytes != other else { return }
        try Data(bytes).write(to: URL(filePath: path.string))
        let clock = ContinuousClock()
        let start = clock.now
        let words = await complaint(about: path)
        figures.slowest = max(figures.slowest, (clock.now - start) / .seconds(1))
        figures.made += 1
        guard !words.isEmpty else { return figures.failures.append("seed \(seed), \(damage): not found") }
        figures.found += 1
        guard names(damage, words) else { return figures.failures.append("seed \(seed), \(damage): \(words)") }
        figures.placed += 1
        if words.contains("damaged in bytes") || words.contains("blobs/") { figures.inMembers += 1 }
    }

    /// Whether what is said names the damaged place.
    private func names(_ damage: Damage, _ words: String) -> Bool {
        switch damage {
        case .flip(let offset, _):
            let tables = ForgedFrames(of: good).borders.last ?? 0
            guard offset < tables else { return Self.ofTables.contains { words.contains($0) } }
            return Self.ranges(in: words).contains { $0.contains(offset) }
        case .cut: return words.contains("cut off") || words.contains("bytes long")
        case .splice:
            return words.contains("damaged in bytes") || words.contains("blobs/") || words.contains("member '")
                || words.contains("is not a sound bundle") || Self.ofTables.contains { words.contains($0) }
        }
    }

    /// The parts of the file behind its frames, as errors call them.
    private static let ofTables = ["seek table", "digests", "frames don't add up"]

    /// Every "bytes A to B".
    private static func ranges(in words: String) -> [Range<Int>] {
        let parts = words.split(separator: " ", omittingEmptySubsequences: false)
        return parts.indices.dropLast(3).compactMap { index in
            guard parts[index] == "bytes", parts[index + 2] == "to", let start = Int(parts[index + 1]),
                let end = Int(parts[index + 3]), start < end
            else { return nil }
            return start..<end
        }
    }
}

extension Campaign.Figures {
    fileprivate mutating func add(_ more: Self) {
        made += more.made
        found += more.found
        placed += more.placed
        inMembers += more.inMembers
        slowest = max(slowest, more.slowest)
        failures += more.failures
    }
}
