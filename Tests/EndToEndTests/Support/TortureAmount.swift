import FoundationEssentials
import HostileBundles

/// How much campaigns do: `$SEALIFT_TORTURE_NAME`, or what every run of the tests can afford.
enum TortureAmount {
    /// All that is random comes from it; a campaign prints it.
    static let seed = UInt64(given("SEED", Int.random(in: 1...999_999)))

    static func given(_ name: String, _ standard: Int) -> Int {
        ProcessInfo.processInfo.environment["SEALIFT_TORTURE_\(name)"].flatMap { Int($0) } ?? standard
    }

    /// Numbers of `1...last`, one at random from each of `count` equal parts, so that they are everywhere.
    static func points(_ count: Int, upTo last: Int, salt: UInt64) -> [Int] {
        var numbers = SeededNumbers(seed: seed &* 1_000_003 &+ salt)
        return (0..<count).map { part in
            let first = 1 + last * part / count
            return .random(in: first...max(first, last * (part + 1) / count), using: &numbers)
        }
    }

    /// Half of them everywhere, half a little before or after one of `marks`, which is where it matters.
    static func points(_ count: Int, upTo last: Int, near marks: [Int], salt: UInt64) -> [Int] {
        guard !marks.isEmpty else { return points(count, upTo: last, salt: salt) }
        var numbers = SeededNumbers(seed: seed &* 1_000_033 &+ salt)
        let near = points((count + 1) / 2, upTo: marks.count, salt: salt + 50_000).map { mark in
            min(last, max(1, marks[mark - 1] + .random(in: -3...2, using: &numbers)))
        }
        return near + points(count / 2, upTo: last, salt: salt)
    }
}
