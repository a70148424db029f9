import BundleFormat
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct BundleFilesTests {
    /// What is wrong with a bundle; `nil` where nothing is.
    private func fault(_ change: (inout TestBundle) -> Void) throws -> String? {
        let directory = TemporaryDirectory()
        var bundle = TestBundle()
        change(&bundle)
        do {
            _ = try bundle.write(to: directory.file("bundle"))
            return nil
        } catch let error as BundleError {
            guard case .structure(_, let reason) = error else { return "\(error)" }
            return reason
        }
    }

    @Test func takesWhatASoundBundleHas() throws {
        let directory = TemporaryDirectory()
        var bundle = TestBundle(manifest: "a: b\n")
        bundle.layers.append(.init("files/deep/words.txt", .file, "words"))
        bundle.description.files = [.init(name: "files/deep/words.txt", mode: "0640")]
        let files = try BundleFiles(of: bundle.write(to: directory.file("bundle")))
        #expect(try files.text("manifests/app.yaml") == "a: b\n")
        let place = directory.file("words.txt")
        try files.extract("files/deep/words.txt", to: place, mode: FilePermissions(rawValue: 0o640))
        #expect(try contents(of: place) == Array("words".utf8))
        var status = stat()
        #expect(stat(place.string, &status) == 0 && status.st_mode & 0o777 == 0o640)
        #expect(throws: InstallError.self) { try files.text("nothing") }
    }

    @Test(arguments: [
        "/etc/passwd", "../up", "a/../../up", "a//b", "a/./b", "", "a/", "..", "back\\slash", "line\nbreak",
        "esc\u{1B}[2J",
        String(repeating: "x", count: 513),
    ])
    func refusesTitlesThatLeadAstray(title: String) throws {
        let found = try fault { $0.layers.append(.init(title, .file, "x")) }
        #expect(found?.contains("may lead outside its folder") == true)
        #expect(found?.unicodeScalars.contains { $0.value < 0x20 } == false, "what is printed moves no cursor")
    }

    @Test func refusesLayersThatDoNotFit() throws {
        #expect(try fault { $0.layers.append(.init(nil, .file, "x")) }?.contains("has no title") == true)
        #expect(
            try fault { $0.layers.append(.init("manifests/app.yaml", .file, "x")) }?.contains("there twice") == true)
        #expect(try fault { $0.layers.removeAll() } == "'manifests/app.yaml' is missing")
        #expect(try fault { $0.layers[0].type = .file }?.contains("is \(MediaType.file), not ") == true)
        #expect(
            try fault { $0.layers.append(.init("manifests/app.yaml/inner", .file, "x")) }
                == "'manifests/app.yaml' is a file, and the folder of 'manifests/app.yaml/inner'")
        #expect(try fault { $0.description.stages[0].checks = ["checks/x.yaml"] } == "'checks/x.yaml' is missing")
    }

    @Test(arguments: ["0755", "644", "0000"]) func takesModes(mode: String) throws {
        #expect(try fileFault("files/x", mode) == nil)
    }

    @Test(arguments: ["4755", "0888", "", "rw-r--r--", "+644", "-1", "99999999999"])
    func refusesModes(mode: String) throws {
        #expect(try fileFault("files/x", mode)?.contains("has no mode") == true)
    }

    @Test(arguments: ["parameters.json", "bundle/description.json", "journal.jsonl", "backups/x"])
    func refusesFilesAmongOurOwnState(name: String) throws {
        #expect(try fileFault(name, "0644")?.contains("is not below files/") == true)
    }

    private func fileFault(_ name: String, _ mode: String) throws -> String? {
        try fault {
            $0.layers.append(.init(name, .file, "x"))
            $0.description.files = [.init(name: name, mode: mode)]
        }
    }

    @Test(arguments: ["", "..", "../../etc/cron.d/x", "a b", "esc\u{1B}c", String(repeating: "x", count: 129)])
    func refusesNamesThatAreNone(name: String) throws {
        #expect(try fault { $0.description.name = name }?.contains("the name '") == true)
        #expect(try fault { $0.description.version = name }?.contains("the version '") == true)
        #expect(try fault { $0.description.stages[0].name = name }?.contains("the stage '") == true)
    }

    @Test func refusesStagesThatCannotBe() throws {
        #expect(try fault { $0.description.stages += $0.description.stages } == "two stages have the same name")
        for seconds in [0, -1, Int.max] {
            #expect(try fault { $0.description.stages[0].readyTimeout = seconds }?.contains("may take") == true)
        }
    }

    @Test(arguments: [
        (-1, Parameter.Generator.alphanumeric), (0, Parameter.Generator.alphanumeric),
        (Int.max, Parameter.Generator.alphanumeric), (12, "emoji"),
    ])
    func refusesGeneratorsThatCannotBe(length: Int, format: String) throws {
        let found = try fault {
            $0.description.parameters = [
                Parameter(name: "p", kind: .string, generate: .init(length: length, format: format))
            ]
        }
        #expect(found == "no value can be generated for the parameter 'p'")
    }

    @Test func refusesATextThatIsNone() throws {
        let directory = TemporaryDirectory()
        var bundle = TestBundle()
        bundle.layers[0].bytes = [0xFF, 0xFE, 0x00]
        let files = try BundleFiles(of: bundle.write(to: directory.file("bundle")))
        #expect { try files.text("manifests/app.yaml") } throws: { "\($0)".contains("is not UTF-8 text") }
    }
}

@Suite struct KeptBundleTests {
    private func keep(_ bundle: TestBundle, in folder: FilePath) throws {
        let directory = TemporaryDirectory()
        let reader = try bundle.write(to: directory.file("bundle"))
        _ = try KeptBundle(keeping: BundleFiles(of: reader), of: reader.description, in: folder)
    }

    @Test func keepsTextsAndForgetsThoseOfBefore() throws {
        let directory = TemporaryDirectory()
        let folder = directory.file("kept")
        #expect { try KeptBundle(in: folder) } throws: { "\($0)".contains("nothing is installed") }
        var old = TestBundle(manifest: "old: true\n")
        old.layers.append(.init("checks/sub", .bundleCheck, "check"))
        old.description.stages[0].checks = ["checks/sub"]
        try keep(old, in: folder)
        let none = try ParameterExpansion(parameters: [], values: [:])
        #expect(try KeptBundle(in: folder).text("checks/sub", none) == "check")

        var new = TestBundle(version: "2.0.0", manifest: "value: ${{ p }}\n")
        // A file of before is a folder now.
        new.layers.append(.init("checks/sub/web.yaml", .bundleCheck, "new"))
        new.description.stages[0].checks = ["checks/sub/web.yaml"]
        new.description.parameters = [Parameter(name: "p", kind: .string, value: "x")]
        try keep(new, in: folder)
        let kept = try KeptBundle(in: folder)
        #expect(kept.description == new.description)
        let expansion = try ParameterExpansion(parameters: new.description.parameters, values: ["p": "42"])
        #expect(try kept.text("manifests/app.yaml", expansion) == "value: 42\n")
        #expect { try kept.text("manifests/app.yaml", none) } throws: { "\($0)".contains("manifests/app.yaml:1") }
    }

    @Test func refusesANewerSchemaAndDamage() throws {
        let directory = TemporaryDirectory()
        let file = directory.file("description.json")
        try keep(TestBundle(), in: directory.path)
        let text = String(decoding: try contents(of: file), as: UTF8.self)
        try write(text.replacing("\"schemaVersion\":1", with: "\"schemaVersion\":2").utf8, to: file)
        #expect { try KeptBundle(in: directory.path) } throws: { "\($0)".contains("reads schema 1") }
        try write(#"{"schemaVersion":2,"waves":[]}"#.utf8, to: file)
        #expect { try KeptBundle(in: directory.path) } throws: { "\($0)".contains("reads schema 1") }
        try write("{".utf8, to: file)
        #expect(throws: Malformed.self) { try KeptBundle(in: directory.path) }
    }
}
