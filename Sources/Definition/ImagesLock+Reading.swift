internal import OCI
package import SystemPackage

extension ImagesLock {
    /// The lock in the file `path`.
    package init(at path: FilePath) throws(DefinitionError) {
        try self.init(text: try readText(at: path), file: path.string)
    }

    /// Decodes the text of an images.lock; `file` is what errors call it.
    package init(text: String, file: String) throws(DefinitionError) {
        let document = try StrictYAML(document: text, file: file)
        try document.requireHeader(kind: "ImagesLock")
        let top = try document.mapping("apiVersion", "kind", "images", "files")
        var images: [Entry] = []
        var lines: [ImageReference: Int] = [:]
        for cursor in try top.required("images").sequence() {
            let entry = try cursor.lockEntry()
            if let first = lines.updateValue(cursor.line, forKey: entry.name) {
                throw DefinitionError(
                    cursor.location, .repeated(field: "image", value: entry.name.description, firstLine: first))
            }
            images.append(entry)
        }
        var files: [File] = []
        var fileLines: [[String]: Int] = [:]
        for cursor in try top.required("files").sequence() {
            let file = try cursor.lockFile()
            if let first = fileLines.updateValue(cursor.line, forKey: file.identity) {
                throw DefinitionError(cursor.location, .repeated(field: "file", value: file.name, firstLine: first))
            }
            files.append(file)
        }
        self.init(images: images, files: files)
    }

    /// Where the lock of the bundle in `folder` is, or would be written: the first images.lock in that folder or in one
    /// of the four above it; where there is none, in that folder.
    package static func defaultPath(forBundleAt folder: FilePath) -> FilePath {
        let own = folder.appending(fileName)
        if isFile(own) { return own }
        guard let working = realPath("."), let start = realPath(folder) else { return own }
        var place = start
        for _ in 1...4 {
            guard place.removeLastComponent() else { break }
            var candidate = place.appending(fileName)
            guard isFile(candidate) else { continue }
            // Below the working folder people expect to read what they would type.
            _ = candidate.removePrefix(working)
            return candidate
        }
        return own
    }
}

extension StrictYAML {
    fileprivate func lockEntry() throws(DefinitionError) -> ImagesLock.Entry {
        let mapping = try self.mapping("reference", "name", "state", "target", "platforms", "zstd", "origins")
        let written = try mapping.required("reference")
        let name = try mapping.required("name")
        let reference = try parsed(name) { text throws(Malformed) in try ImageReference(parsing: text) }
        guard try reference == parsed(written, { text throws(Malformed) in try ImageReference(parsing: text) }) else {
            throw name.invalid(reference.description, "it is not the normalised name of '\(try written.string())'")
        }
        var origins: [ImagesLock.Origin] = []
        for cursor in try mapping.required("origins").sequence() {
            let origin = try cursor.mapping("bundle", "file", "object", "field")
            origins.append(
                .init(
                    bundle: try origin.required("bundle").string(), file: try origin.required("file").string(),
                    object: try origin.required("object").string(), field: try origin.required("field").string()))
        }
        guard !origins.isEmpty else {
            throw try mapping.required("origins").invalid("[]", "something must have asked for the image")
        }
        let locked = try isResolved(mapping, else: "target", "platforms", "zstd") ? resolution(mapping) : nil
        let encoding = try mapping["zstd"].map { cursor throws(DefinitionError) in
            try resolution(try cursor.mapping("target", "platforms"))
        }
        let entry = ImagesLock.Entry(
            reference: try written.string(), name: reference, resolution: locked, origins: origins,
            encoding: encoding)
        if let cursor = mapping["zstd"], entry.encoding == nil {
            throw cursor.invalid("…", "it has other configs, or other numbers of layers, than what it was made of")
        }
        return entry
    }

    private func resolution(_ mapping: StrictMapping) throws(DefinitionError) -> ImagesLock.Resolution {
        var platforms: [ImagesLock.PlatformImage] = []
        for cursor in try mapping.required("platforms").sequence() {
            let image = try cursor.mapping("platform", "manifest", "config", "layers")
            var layers: [Descriptor] = []
            for layer in try image.required("layers").sequence() { layers.append(try layer.descriptor()) }
            platforms.append(
                .init(
                    platform: try parsed(image.required("platform")) { text throws(Malformed) in
                        try Platform(parsing: text)
                    },
                    manifest: try image.required("manifest").descriptor(.manifest),
                    config: try image.required("config").descriptor(), layers: layers))
        }
        guard !platforms.isEmpty else {
            throw try mapping.required("platforms").invalid("[]", "a resolved image has at least one platform")
        }
        return .init(target: try mapping.required("target").descriptor(.index, .manifest), platforms: platforms)
    }

    fileprivate func lockFile() throws(DefinitionError) -> ImagesLock.File {
        let mapping = try self.mapping(
            "name", "bundle", "platform", "url", "path", "repository", "chart", "version", "state", "digest", "size")
        let source: ImagesLock.File.Source
        switch (mapping["url"], mapping["path"]) {
        case (nil, nil) where mapping["repository"] != nil:
            source = .chart(
                repository: try mapping.required("repository").nonEmptyString(),
                name: try mapping.required("chart").nonEmptyString(),
                version: try mapping.required("version").nonEmptyString())
        case (let url?, nil): source = .url(try url.nonEmptyString())
        case (nil, let path?): source = .path(try path.nonEmptyString())
        case (nil, nil): source = .url(try mapping.required("url").string())
        case (_?, let path?): throw path.invalid(try path.string(), "a file has either a url or a path")
        }
        var platform: Platform?
        if let cursor = mapping["platform"] {
            platform = try parsed(cursor) { text throws(Malformed) in try Platform(parsing: text) }
        }
        var content: ImagesLock.File.Content?
        if try isResolved(mapping, else: "digest", "size") {
            content = .init(
                digest: try mapping.required("digest").digest(), size: try mapping.required("size").size())
        }
        return .init(
            name: try mapping.required("name").nonEmptyString(),
            bundle: try mapping.required("bundle").nonEmptyString(), platform: platform, source: source,
            content: content)
    }

    /// Reads `state`; an unresolved entry has none of `keys`, so that nothing half-resolved is ever trusted.
    private func isResolved(_ mapping: StrictMapping, else keys: String...) throws(DefinitionError) -> Bool {
        let state = try mapping.required("state")
        switch try state.string() {
        case "resolved": return true
        case "unresolved":
            for key in keys {
                guard let value = mapping[key] else { continue }
                throw value.invalid("…", "an unresolved entry has no '\(key)'")
            }
            return false
        case let other: throw state.invalid(other, "the choices are resolved, unresolved")
        }
    }

    private func descriptor(_ roles: MediaType.Role...) throws(DefinitionError) -> Descriptor {
        let mapping = try self.mapping("mediaType", "digest", "size")
        let mediaType = MediaType(rawValue: try mapping.required("mediaType").nonEmptyString())
        guard roles.isEmpty || roles.contains(mediaType.role) else {
            throw try mapping.required("mediaType").invalid(mediaType.rawValue, "it is not that of an image")
        }
        return Descriptor(
            mediaType: mediaType, digest: try mapping.required("digest").digest(),
            size: try mapping.required("size").size())
    }

    private func digest() throws(DefinitionError) -> Digest {
        try parsed(self) { text throws(Malformed) in try Digest(parsing: text) }
    }

    private func size() throws(DefinitionError) -> Int64 {
        let size = try integer()
        guard size >= 0 else { throw invalid(String(size), "a size is not negative") }
        return size
    }

    private func parsed<Value>(
        _ cursor: StrictYAML, _ parse: (String) throws(Malformed) -> Value
    ) throws(DefinitionError) -> Value {
        let text = try cursor.string()
        do { return try parse(text) } catch {
            throw DefinitionError(cursor.location, .malformed(field: cursor.field, error))
        }
    }
}
