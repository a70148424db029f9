internal import BundleFormat
internal import Definition
internal import SystemPackage

/// Everything that the images and lint of one file are found from.
struct ManifestScan {
    let file: BundleFile
    let objects: [ManifestObject]
    let hits: [ImageHit]
    let podSpecs: [PodSpec]

    init(_ file: BundleFile, text: String, expansion: ParameterExpansion) throws(DefinitionError) {
        let shown = file.location.string
        self.file = file
        objects = try ManifestObject.objects(
            in: try expansion.expand(text, of: SourceLocation(file: shown)), file: file.path, shownAs: shown)
        var hits: [ImageHit] = []
        var podSpecs: [PodSpec] = []
        for object in objects {
            var scanner = ImageScanner(object, shownAs: shown)
            try scanner.scan()
            hits += scanner.hits
            podSpecs += scanner.podSpecs
        }
        self.hits = hits
        self.podSpecs = podSpecs
    }
}

extension ParameterExpansion {
    /// Expands a text that stands at `location`; errors name the line of the file.
    func expand(_ text: String, of location: SourceLocation) throws(DefinitionError) -> String {
        do { return try expand(text) } catch {
            let line = location.line.map { $0 + (error.line ?? 1) - 1 } ?? error.line
            throw DefinitionError(SourceLocation(file: location.file, line: line), .parameter(error))
        }
    }
}
