internal import ArgumentParser
package import BundleFormat
package import Signatures
package import SystemPackage

/// How a bundle is opened: the keys that must have signed it, and the media that it may be spread over.
package struct KeyArguments: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "A public key (PEM) that must have signed the bundle; of several, any one. Repeatable.", valueName: "file"),
        completion: .file(extensions: ["pub", "pem"]))
    var files: [String] = []

    @OptionGroup var mediaArguments: MediaArguments

    package init() {}

    /// Where the bundle's parts may be.
    package var media: BundleMedia { mediaArguments.media }

    /// The keys: those given, and those of `folder`, where this host has the ones that it trusts.
    package func trusted(with folder: FilePath? = nil) throws -> TrustedKeys {
        try TrustedKeys(files: files.map { FilePath($0) }, folder: folder)
    }

    /// Opens a bundle that one of the keys signed; where there are none, any bundle.
    package func open(_ path: String, trusting folder: FilePath? = nil) throws -> BundleReader {
        try BundleReader(opening: FilePath(path), on: media, trusting: trusted(with: folder))
    }
}

extension BundleReader {
    /// Says on stderr what is known of the signature, where there is one: for commands whose result doesn't tell.
    package func announceSignature() {
        if signature != .unsigned { Message.note("\(path): \(signature)") }
    }
}
