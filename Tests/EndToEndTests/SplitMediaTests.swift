import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

/// Bundles on several media, through the executables.
@Suite(.enabled(if: Executables.areThere, Executables.need))
struct SplitMediaTests {
    private struct Event: Decodable {
        var event: String
        var path: String?
        var digest: Digest?
    }

    private struct Report: Decodable {
        struct Archive: Decodable {
            var bytes: Int
            var digest: Digest
            var parts: [String]?
        }

        var archive: Archive
    }

    /// A bundle of three parts, in `a` but for the second, which is in `b`.
    private struct Media {
        let bundle: PackedBundle
        var place: Workplace { bundle.place }
        var name: String { bundle.sample.archive }
        var list: FilePath { place.file("a/\(name).parts.json") }
        var first: FilePath { place.file("a/\(name).001") }
        var second: FilePath { place.file("b/\(name).002") }

        init() async throws {
            bundle = try await PackedBundle(try .large(2_400_000))
            let run = try await place.shell(
                #"mkdir a b && "$1" split "$2" --size 1M --output a && mv a/*.002 b"#, Executables.sealift.string,
                bundle.archive.string)
            try #require(run.code == 0, "\(run.transcript)")
            #expect(run.lines == ["a/\(name).parts.json"])
        }
    }

    @Test func buildingInPartsIsBuildingAndSplitting() async throws {
        let sample = try SampleBundle.large(2_400_000)
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let name = sample.archive
        #expect(try await place.build(mirror: registry.mirror).code == 0)
        let whole = place.output.appending(name)
        let splitSize = ["--split-size", "1M"]
        for (folder, more) in [("cached", []), ("streamed", ["--no-cache"])] {
            let run = try await place.build(
                mirror: registry.mirror, splitSize + more + ["--output", place.file(folder).string])
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.lines.last == place.file("\(folder)/\(name).parts.json").string)
        }
        let split = try await place.sealift(
            ["split", whole.string, "--size", "1000000", "--output", place.file("split").string])
        #expect(split.code == 66, "no such folder: \(split.transcript)")
        let check = try await place.shell(
            #"""
            sealift=$1 name=$2
            mkdir split
            "$sealift" split "dist/$name" --size 1000000 --output split
            for folder in cached streamed split; do
                cat "$folder/$name".??? | cmp - "dist/$name"
                (cd "$folder" && sha256sum --quiet -c "$name.parts.sha256")
                [ "$(stat -c %s "$folder/$name.001")" = 1000000 ]
                diff -r -x sealift-installer cached "$folder"
            done
            "$sealift" join "split/$name.001" --output joined
            cmp joined "dist/$name"
            sha256sum --quiet -c joined.sha256
            # Smaller parts of the parts.
            mkdir again
            "$sealift" split "split/$name.parts.json" --size 1100000 --output again
            cat again/"$name".??? | cmp - "dist/$name"
            find . -name '.*.partial'
            """#, Executables.sealift.string, name)
        #expect(check.code == 0, "\(check.transcript)")
        let expected = ["001", "002", "003", "parts.json", "parts.sha256"].map { "\(name).\($0)" }
        #expect(place.names(in: place.file("split")) == expected)
        #expect(place.names(in: place.file("cached")) == expected + ["sealift-installer"])
        #expect(!check.output.contains("partial"))
    }

    @Test func oneFormReplacesTheOther() async throws {
        let sample = try SampleBundle.large(2_400_000)
        let place = try Workplace(sample)
        let registry = ScriptedRegistry(sample) { _, _, _, _ in false }
        let name = sample.archive
        let splitSize = ["--split-size", "1M", "--format", "json"]
        let run = try await place.build(mirror: registry.mirror, splitSize)
        let last = try JSONDecoder().decode(Event.self, from: Data(try #require(run.lines.last).utf8))
        #expect(last.event == "finished" && last.path == place.output.appending("\(name).parts.json").string)
        let parts = place.names(in: place.output)
        for more in [[], splitSize] {
            let again = try await place.build(mirror: registry.mirror, more)
            #expect(again.code == 73 && again.errors.contains(".parts.json is there already"), "\(again.transcript)")
        }
        #expect(try await place.build(mirror: registry.mirror, ["--force"]).code == 0)
        #expect(place.names(in: place.output) == [name, "\(name).sha256", "sealift-installer"])
        #expect(last.digest == .of(Data(try contents(of: place.output.appending(name)))))
        #expect(try await place.build(mirror: registry.mirror, splitSize).code == 73)
        #expect(try await place.build(mirror: registry.mirror, splitSize + ["--force"]).code == 0)
        #expect(place.names(in: place.output) == parts)
        for size in ["999999", "4X", "-1G"] {
            #expect(try await place.build(mirror: registry.mirror, ["--split-size=\(size)"]).code == 64)
        }
    }

    @Test func bothExecutablesReadPartsWhereTheyLie() async throws {
        let media = try await Media()
        let place = media.place
        let b = ["--search", place.file("none").string, "--search", place.file("b").string]
        for executable in [Executables.sealift, Executables.installer] {
            for path in [media.first, media.list] {
                let report = place.file("report.json")
                let verify = try await place.run(
                    [executable.string, "verify", path.string, "--report", report.string] + b)
                #expect(verify.code == 0 && verify.output.hasPrefix("ok: "), "\(verify.transcript)")
                let archive = try JSONDecoder().decode(Report.self, from: Data(try contents(of: report))).archive
                #expect(archive.digest == .of(Data(try contents(of: media.bundle.archive))))
                #expect(archive.parts?.count == 3 && archive.parts?[1] == media.second.string)
                let inspect = try await place.run([executable.string, "inspect", path.string] + b)
                let whole = try await place.run([executable.string, "inspect", media.bundle.archive.string])
                #expect(inspect.code == 0 && inspect.output == whole.output, "\(inspect.transcript)")
                // Nobody is there to be asked.
                let lacking = try await place.run([executable.string, "verify", path.string])
                #expect(lacking.code == 66, "\(lacking.transcript)")
                #expect(
                    lacking.errors.contains(
                        "error: 1 of 3 parts of \(media.name) is not at hand: \(media.name).002 is missing; looked in "
                            + "\(place.file("a"))\nhint: bring the medium"), "\(lacking.errors)")
            }
        }
    }

    @Test func aDamagedPartIsNamed() async throws {
        let media = try await Media()
        var bytes = try contents(of: media.second)
        bytes[500_000] ^= 1
        try write(bytes, to: media.second)
        let b = ["--search", media.place.file("b").string]
        for executable in [Executables.sealift, Executables.installer] {
            let run = try await media.place.run([executable.string, "verify", media.first.string] + b)
            #expect(run.code == 65, "\(run.transcript)")
            // One frame of three parts: only their digests tell which of them it was.
            #expect(run.output.contains("with bytes 0 to 1000000 of \(media.second)"), "\(run.transcript)")
            #expect(run.errors.contains("error: the archive in parts that "), "\(run.transcript)")
            #expect(run.errors.contains("DAMAGED PART \(media.second): its SHA-256 is"), "\(run.transcript)")
            #expect(!run.errors.contains(media.first.string + ": its"), "\(run.transcript)")
        }
        let join = try await media.place.sealift(["join", media.list.string, "--output", "joined"] + b)
        #expect(join.code == 65 && join.errors.contains("\(media.second) has the digest"), "\(join.transcript)")
        #expect(!exists(media.place.file("joined")))
        // Where the tables are damaged it can't even be opened.
        let last = media.place.file("a/\(media.name).003")
        bytes = try contents(of: last)
        bytes[bytes.count - 3] ^= 1
        try write(bytes, to: last)
        let run = try await media.place.run([Executables.installer.string, "verify", media.first.string] + b)
        #expect(run.code == 65 && run.errors.contains("DAMAGED PART \(last)"), "\(run.transcript)")
    }

    @Test func partsAreNotSignedInTheirPlace() async throws {
        let media = try await Media()
        let place = media.place
        #expect(try await place.sealift(["keygen", "--output", "k"]).code == 0)
        let sign = ["sign", media.list.string, "--key", "k.key", "--search", "b"]
        let refused = try await place.sealift(sign + ["--force"])
        #expect(
            refused.code == 65 && refused.errors.contains("can't be signed in their place"), "\(refused.transcript)")
        let signed = try await place.sealift(sign + ["--output", "signed.tar.zst"])
        #expect(signed.code == 0, "\(signed.transcript)")
        let verify = try await place.sealift(["verify", "signed.tar.zst", "--key", "k.pub"])
        #expect(verify.code == 0, "\(verify.transcript)")
    }

    /// Runs a command on a terminal and answers what it asks.
    private func talk(_ media: Media, _ answers: [String], _ command: [String]) async throws -> SealiftRun {
        try await media.place.run(
            [
                "/usr/bin/python3",
                FilePath("\(#filePath)").removingLastComponent().appending("Scripts/on-terminal.py").string,
                "q to stop: ", answers.joined(separator: ","),
            ] + command)
    }

    @Test func asksForTheNextMediumOnATerminal() async throws {
        let media = try await Media()
        for executable in [Executables.sealift, Executables.installer] {
            let inspect = [executable.string, "inspect", media.first.string]
            // Not there yet; no folder; there.
            let found = try await talk(media, ["", "nowhere", media.place.file("b").string], inspect)
            #expect(found.code == 0 && found.output.contains("BUNDLE") == false, "\(found.transcript)")
            #expect(found.output.contains("'nowhere' is no folder"), "\(found.transcript)")
            #expect(found.output.contains("apache/nifi"), "\(found.transcript)")
            #expect(found.output.split(separator: "002 is missing").count == 3, "\(found.transcript)")
            let given = try await talk(media, ["q"], inspect)
            #expect(
                given.code == 66 && given.output.contains("bring the medium, and say with --search"),
                "\(given.transcript)")
        }
        // One after the other: the first is taken away when the second comes.
        let join = try await talk(
            media, ["!mv a/*.001 c", "b"],
            [Executables.sealift.string, "join", media.list.string, "--output", "joined"])
        #expect(join.code == 0, "\(join.transcript)")
        #expect(try contents(of: media.place.file("joined")) == contents(of: media.bundle.archive))
        #expect(exists(media.place.file("c/\(media.name).001")))
    }

    @Test(.enabled(if: Executables.canIsolate && ContainerdDaemon.isUsable, Executables.isolationNeed))
    func importsStraightFromTheParts() async throws {
        let media = try await Media()
        try await ContainerdDaemon.with { socket in
            let run = try await media.bundle.isolated(
                """
                first=$1 b=$2 socket=$3 list=$4
                "$installer" import "$first" --search "$b" --address "$socket" || exit
                "$installer" verify --node "$list" --search "$b" --address "$socket" || exit
                "$installer" import "$archive" --address "$socket"
                """,
                [media.first.string, media.place.file("b").string, socket.string, media.list.string])
            #expect(run.code == 0, "\(run.transcript)")
            #expect(run.lines.last?.contains("0 blobs (0 B) written") == true, "\(run.transcript)")
        }
    }
}
