internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

extension ValueCompletion {
    /// The values of the bundle whose archive is among `words`, a command line as far as it is written; reads its front.
    static func ofArchive(in words: [String]) -> ValueCompletion? {
        for word in words.dropFirst() where word.hasSuffix(".zst") {
            // A shell that completes has no use for errors: the command itself will say what is wrong.
            guard let description = try? BundleReader(opening: FilePath(word)).description else { continue }
            return ValueCompletion(
                parameters: description.parameters, profiles: Array(description.profiles.keys))
        }
        return nil
    }
}
