internal import CommandSupport
internal import Definition
internal import FoundationEssentials
internal import SystemPackage

extension ValueCompletion {
    /// The values of the definition that is among `words`, a command line as far as it is written.
    static func ofDefinition(in words: [String]) -> ValueCompletion? {
        for word in words.dropFirst() where !word.hasPrefix("-") {
            let path = FilePath(word)
            let file = path.lastComponent == "bundle.yaml" ? path : path.appending("bundle.yaml")
            guard FileManager.default.fileExists(atPath: file.string) else { continue }
            // A shell that completes has no use for errors: the command itself will say what is wrong.
            guard let definition = try? BundleDefinition(at: path) else { continue }
            return ValueCompletion(
                parameters: definition.parameters, profiles: Array(definition.profiles.keys))
        }
        return nil
    }
}
