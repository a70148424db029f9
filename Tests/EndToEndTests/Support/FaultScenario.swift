import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// A command of the builder that is disturbed, what it starts with, and what it must end with.
struct FaultScenario: Sendable {
    let name: String
    let disk: FaultyDisk
    let command: [String]
    /// Of the run that nobody disturbed.
    let report: FaultyDisk.Report
    let log: FilePath
    /// Every file in the folders for results, by its path below the user's folder.
    private let old: [String: [UInt8]]
    private let new: [String: [UInt8]]

    /// The folders in which nothing may be that is not whole.
    private static let folders = ["bundle", "dist"]

    /// Runs the command without faults; what is in `place` now is what each later run starts with.
    init(_ name: String, _ place: Workplace, _ command: [String]) async throws {
        self.name = name
        self.command = command
        disk = FaultyDisk(place)
        try disk.keep()
        old = try Self.results(in: place)
        let (run, report) = try await disk.run(command)
        try #require(run.code == 0, "\(name): \(run.transcript)")
        self.report = report
        log = try disk.keepLog()
        new = try Self.results(in: place)
        #expect(new != old)
    }

    private static func results(in place: Workplace) throws -> [String: [UInt8]] {
        var results: [String: [UInt8]] = [:]
        for folder in folders {
            for name in place.names(in: place.file(folder)) where name != "manifests" {
                results["\(folder)/\(name)"] = try contents(of: place.file(folder).appending(name))
            }
        }
        return results
    }

    /// That everything under a final name is whole, and is the old or the new.
    ///
    /// Where the command said that it had done its work (`hasEnded`), the new must be there. Where the power went
    /// (`mayLoseCache`), blobs of the cache may be wrong, and must be found out.
    func expectWhole(_ what: String, hasEnded: Bool, mayLoseCache: Bool = false) throws {
        let found = try Self.results(in: disk.place)
        for path in Set(old.keys).union(new.keys) {
            let isFine = found[path] == new[path] || !hasEnded && found[path] == old[path]
            #expect(isFine, "\(name), \(what): \(path) is neither the old nor the new, or missing")
        }
        for path in found.keys where old[path] == nil && new[path] == nil {
            // The name that files have until they are whole.
            let isUnfinished = path.contains("/.") && path.hasSuffix(".partial") && !hasEnded
            #expect(isUnfinished, "\(name), \(what): there is \(path)")
        }
        let archive = new.keys.first { $0.hasSuffix(".tar.zst") }
        if let archive, found[archive] == new[archive], found[archive] != old[archive] {
            #expect(found["\(archive).sha256"] == new["\(archive).sha256"], "\(name), \(what): the archive came first")
        }
        if !mayLoseCache { try expectSoundCache(what) }
    }

    private func expectSoundCache(_ what: String) throws {
        let blobs = disk.place.cache.appending("blobs/sha256")
        for blob in disk.place.names(in: blobs) {
            let isSound = Digest.of(Data(try contents(of: blobs.appending(blob)))).hex == blob
            #expect(isSound, "\(name), \(what): the cache has a wrong \(blob)")
        }
    }

    /// That the same command, undisturbed now, ends with exactly what it ends with where nothing went wrong.
    func expectRepairedByRunningAgain(_ what: String, mayLoseCache: Bool = false) async throws {
        // What was finished but for saying so is not overwritten unasked.
        let isThere = new.keys.contains {
            $0.hasSuffix(".tar.zst") && exists(disk.place.file($0)) && !command.contains("--force")
        }
        let run = try await disk.place.run(command + (isThere ? ["--force"] : []))
        #expect(run.code == 0, "\(name), \(what): \(run.transcript)")
        let found = try Self.results(in: disk.place)
        for path in Set(found.keys).union(new.keys) {
            #expect(found[path] == new[path], "\(name), \(what), run again: \(path) differs")
        }
        try expectSoundCache("\(what), run again")
        // A file that was moved may be at both places after a power cut, for whoever needs that blob again.
        let remains = disk.place.names(in: disk.place.cache.appending("ingest"))
            .filter { !mayLoseCache || !($0.hasPrefix("sha256-") || $0.hasPrefix("packages-")) }
        #expect(remains == [], "\(name), \(what), run again")
    }
}

extension FaultScenario {
    /// Builds with and without a cache, over an older archive, and with a lock to be made; and `lock` and `sign`.
    static func all(_ registry: ScriptedRegistry, _ sample: SampleBundle) async throws -> [FaultScenario] {
        let mirror = registry.mirror
        func workplace() async throws -> Workplace {
            let place = try Workplace(sample)
            let lock = try await place.lock(mirror: mirror)
            try #require(lock.code == 0, "\(lock.transcript)")
            return place
        }
        func build(_ place: Workplace, _ more: [String] = []) -> [String] {
            [Executables.sealift.string] + place.buildArguments(mirror: mirror, more)
        }
        let (cached, onePass, again, signed) = (
            try await workplace(), try await workplace(), try await workplace(), try await workplace()
        )
        var scenarios = [
            try await FaultScenario("build", cached, build(cached)),
            try await FaultScenario("build in one pass", onePass, build(onePass, ["--no-cache"])),
        ]
        for place in [again, signed] {
            let keygen = [Executables.sealift.string, "keygen", "--output", place.file("key").string]
            for command in [build(place), keygen] {
                let run = try await place.run(command)
                try #require(run.code == 0, "\(run.transcript)")
            }
        }
        let key = again.file("key.key").string
        scenarios.append(try await FaultScenario("build anew", again, build(again, ["--force", "--sign", key])))
        let archive = signed.output.appending(sample.archive).string
        scenarios.append(
            try await FaultScenario(
                "sign", signed,
                [
                    Executables.sealift.string, "sign", archive, "--key", signed.file("key.key").string, "--force",
                ]))
        let fewer = SampleBundle(images: Array(sample.images.dropFirst()))
        let locked = try Workplace(fewer)
        let run = try await locked.lock(mirror: mirror)
        try #require(run.code == 0, "\(run.transcript)")
        try sample.write(to: locked.bundle)
        let lock = [Executables.sealift.string, "lock", locked.bundle.string, "--mirror", "docker.io=\(mirror)"]
        scenarios.append(try await FaultScenario("lock", locked, lock))
        return scenarios
    }
}
