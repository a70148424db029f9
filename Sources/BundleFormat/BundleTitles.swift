internal import ImageLayout
internal import OCI
internal import SystemPackage

/// The files of a bundle's artifact by title: safe as relative paths, unique, and all that the description relies on.
///
/// Proven when a bundle is opened, before anything of it is shown or written anywhere.
struct BundleTitles {
    let layers: [String: Descriptor]

    /// Takes the layers' titles; throws where they can't be used, or the description is one that `sealift build`
    /// would not make.
    init(of artifact: Manifest, for description: BundleDescription) throws(BundleIndex.Fault) {
        var layers: [String: Descriptor] = [:]
        for layer in artifact.layers {
            guard let title = layer.annotations?[Annotation.title] else {
                throw BundleIndex.Fault(reason: "the file \(layer.digest) has no title")
            }
            guard Self.isSafe(title) else {
                throw BundleIndex.Fault(
                    reason: "the title '\(title.printable(limit: 600))' may lead outside its folder")
            }
            guard layers.updateValue(layer, forKey: title) == nil else {
                throw BundleIndex.Fault(reason: "the title '\(title)' is there twice")
            }
        }
        self.layers = layers
        for title in layers.keys.sorted() {
            var folder = FilePath(title).removingLastComponent()
            while !folder.isEmpty {
                guard layers[folder.string] == nil else {
                    throw BundleIndex.Fault(reason: "'\(folder)' is a file, and the folder of '\(title)'")
                }
                folder.removeLastComponent()
            }
        }
        if let reason = description.fault { throw BundleIndex.Fault(reason: reason) }
        for (title, type) in Self.needed(by: description) {
            guard let layer = layers[title] else {
                throw BundleIndex.Fault(reason: "'\(title.printable(limit: 200))' is missing")
            }
            guard layer.mediaType == type else {
                throw BundleIndex.Fault(reason: "'\(title)' is \(layer.mediaType.rawValue.printable()), not \(type)")
            }
        }
    }

    /// Every title that the description relies on, with the media type that it must have.
    private static func needed(by description: BundleDescription) -> [(String, MediaType)] {
        var needed: [(String, MediaType)] = []
        for stage in description.stages {
            needed += stage.manifests.map { ($0, .bundleManifest) } + stage.checks.map { ($0, .bundleCheck) }
        }
        if let kubernetes = description.kubernetes {
            needed += kubernetes.binaries.values.sorted().map { ($0, .kubernetesBinary) }
            if let config = kubernetes.config { needed.append((config, .kubernetesConfig)) }
        }
        return needed + description.files.map { ($0.name, .file) }
    }

    private static func isSafe(_ title: String) -> Bool {
        // By bytes, as the kernel reads paths: to Swift "/" and an accent behind it are one other character.
        let components = title.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return title.utf8.count <= 512 && title.printable() == title && !title.utf8.contains(UInt8(ascii: "\\"))
            && components.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}

extension BundleDescription {
    /// What of the description must not reach a path, a step's name or a random generator; `nil` where all is fine.
    ///
    /// `sealift build` makes no such bundle; anybody else could.
    var fault: String? {
        for (what, text) in [("name", name), ("version", version)] + stages.map({ ("stage", $0.name) }) {
            guard Self.isWord(text) else {
                return "the \(what) '\(text.prefix(80).filter(Self.isWordCharacter))' is none"
            }
        }
        guard Set(stages.map(\.name)).count == stages.count else { return "two stages have the same name" }
        for stage in stages where !(1...(7 * 86400)).contains(stage.readyTimeout) {
            return "stage \(stage.name) may take \(stage.readyTimeout) seconds; 1 second to 7 days are possible"
        }
        for file in files {
            guard file.name.hasPrefix("files/") else {
                return "the file '\(file.name.printable())' is not below files/"
            }
            guard let mode = UInt32(file.mode, radix: 8), mode <= 0o777, !file.mode.hasPrefix("+") else {
                return "the file '\(file.name.printable(limit: 200))' has no mode from 0000 to 0777"
            }
        }
        for parameter in parameters {
            guard let generator = parameter.generate else { continue }
            let isKnown =
                switch generator.format {
                case Parameter.Generator.alphanumeric: (1...1024).contains(generator.length)
                case Parameter.Generator.uuid, Parameter.Generator.nodeAddress, Parameter.Generator.nodeName: true
                default: false
                }
            guard isKnown else {
                return "no value can be generated for the parameter '\(parameter.name.printable())'"
            }
        }
        return nil
    }

    private static func isWord(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.allSatisfy(isWordCharacter) && text != "." && text != ".."
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "._+-".contains(character))
    }
}
