import FoundationEssentials
import SystemPackage
import Testing
import Threads

/// Every input of the corpus, among them all that ever broke something, through the functions that are fuzzed.
@Suite struct ReplayTests {
    @Test(arguments: FuzzTarget.all) func holds(_ target: FuzzTarget) async throws {
        let inputs = try Corpus.inputs(of: target.name)
        #expect(!inputs.isEmpty)
        for (name, bytes) in inputs {
            let broken = await onThread("fuzz-replay") { () -> String? in
                do { try target.run(bytes) } catch { return "\(error)" }
                return nil
            }
            #expect(broken == nil, "\(name)")
        }
    }

    /// Each of them cut off, and with bytes changed: what a fuzzer does first, where there is none.
    @Test(arguments: FuzzTarget.all) func holdsForMutations(_ target: FuzzTarget) async throws {
        for (name, bytes) in try Corpus.inputs(of: target.name).prefix(6) where !bytes.isEmpty {
            let broken = await onThread("fuzz-replay") { () -> String? in
                for step in 1...8 {
                    let place = bytes.count * step / 9
                    var changed = bytes
                    changed[place] = changed[place] &* 31 &+ UInt8(step)
                    do {
                        try target.run(Array(bytes[..<place]))
                        try target.run(changed)
                        try target.run(bytes[place...] + bytes)
                    } catch {
                        return "\(error)"
                    }
                }
                return nil
            }
            #expect(broken == nil, "\(name)")
        }
    }

    @Test func everyFolderOfTheCorpusHasATarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Corpus.folder.string).sorted()
        #expect(folders == FuzzTarget.all.map(\.name).sorted())
    }
}
