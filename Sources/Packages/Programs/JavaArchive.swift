internal import Layers

/// What a Java archive tells: its manifest, Maven's properties, and the archives inside it.
struct JavaArchive {
    private static let extensions: Set = ["jar", "war", "ear", "nar", "sar", "par", "kar", "hpi", "jpi"]
    /// How deep archives may lie in each other; Spring's in a .war in an .ear are three.
    static let depthLimit = 5
    /// The largest manifest or properties that are read.
    private static let textLimit = 1 << 20
    private static let manifest = "META-INF/MANIFEST.MF"

    private let budget: Budget
    /// The archive's own name.
    private let fileName: String
    /// Where inside the file; empty for the file itself.
    private let inside: String
    private let depth: Int
    private var own: [FoundPackage] = []
    private var nested = Reading()
    private var headers: [String: String] = [:]

    /// Whether `name` is a Java archive's.
    static func isNamed(_ name: some StringProtocol) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return extensions.contains(name[name.index(after: dot)...].lowercased())
    }

    /// Reads the archive in `stream` as far as it can be read.
    static func read(_ stream: ByteStream, name: String, budget: Budget) -> Reading {
        read(stream, path: name, inside: "", depth: 1, budget: budget)
    }

    private static func read(
        _ stream: ByteStream, path: String, inside: String, depth: Int, budget: Budget
    ) -> Reading {
        let fileName = path.split(separator: "/").last.map(String.init) ?? path
        var archive = JavaArchive(budget: budget, fileName: fileName, inside: inside, depth: depth)
        do throws(ReadFault) {
            let zip = try ZipStream(stream, budget: budget)
            while let entry = try zip.next() { try archive.take(entry, of: zip) }
        } catch {
            archive.nested.faults.append(archive.place(error.reason))
        }
        archive.nested.packages = archive.ownPackages() + archive.nested.packages
        return archive.nested
    }

    private init(budget: Budget, fileName: String, inside: String, depth: Int) {
        self.budget = budget
        self.fileName = fileName
        self.inside = inside
        self.depth = depth
    }

    private mutating func take(_ entry: ZipEntry, of zip: ZipStream) throws(ReadFault) {
        guard !entry.isFolder else { return }
        let name = String(decoding: entry.name, as: UTF8.self)
        let isManifest = name.utf8.count == Self.manifest.utf8.count && name.uppercased() == Self.manifest
        if isManifest || (name.hasSuffix("/pom.properties") && name.contains("META-INF/maven/")) {
            let bytes = try text(of: zip)
            isManifest ? readManifest(bytes) : readProperties(bytes)
        } else if Self.isNamed(name) {
            let below = FoundPackage.shortened(inside.isEmpty ? name : "\(inside)!\(name)") ?? name
            guard depth < Self.depthLimit else {
                return nested.faults.append("\(below): archives lie more than \(Self.depthLimit) deep in each other")
            }
            let found: Reading
            do {
                let content = ByteStream(try zip.body(), capacity: 64 << 10)
                found = Self.read(content, path: name, inside: below, depth: depth + 1, budget: budget)
            } catch {
                found = Reading(faults: ["\(below): \(error.reason)"])
            }
            if !nested.isFull { nested.packages += found.packages }
            if nested.faults.count < Findings.unreadLimit { nested.faults += found.faults }
        }
    }

    private func text(of zip: ZipStream) throws(ReadFault) -> [UInt8] {
        let stream = ByteStream(try zip.body(), capacity: 16 << 10)
        var bytes: [UInt8] = []
        while true {
            let piece = try stream.look(ahead: 1)
            if piece.isEmpty { return bytes }
            guard bytes.count + piece.count <= Self.textLimit else {
                throw ReadFault("a manifest or properties of more than \(Self.textLimit) bytes")
            }
            bytes.append(contentsOf: piece)
            stream.advance(piece.count)
        }
    }

    private mutating func readManifest(_ bytes: [UInt8]) {
        let keys: Set = [
            "Nar-Group", "Nar-Id", "Nar-Version", "Implementation-Version", "Bundle-Version", "Specification-Version",
        ]
        FieldLines.paragraphs(of: bytes, keys: keys, continuation: .joined) { fields in
            headers = fields
            return false  // what follows is about single entries
        }
    }

    private mutating func readProperties(_ bytes: [UInt8]) {
        var values: [String: String] = [:]
        for line in TextLines(bytes) where line.first != UInt8(ascii: "#") {
            guard let equals = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else {
                continue
            }
            let key = FoundPackage.shortened(String(decoding: line[..<equals], as: UTF8.self)) ?? ""
            values[key] = FoundPackage.shortened(String(decoding: line[line.index(after: equals)...], as: UTF8.self))
        }
        guard let name = values["artifactId"], own.count < Reading.packageLimit else { return }
        own.append(FoundPackage(.java, namespace: values["groupId"], name: name, version: values["version"]))
    }

    /// What Maven wrote into the archive, and the archive by its name where nothing of that is itself.
    private func ownPackages() -> [FoundPackage] {
        var packages = own
        if !own.contains(where: { fileName.hasPrefix($0.name) }) { packages.insert(byName(), at: 0) }
        return packages.map { package in
            var package = package
            package.inside = inside.isEmpty ? nil : inside
            return package
        }
    }

    private func byName() -> FoundPackage {
        if let name = headers["Nar-Id"], let group = headers["Nar-Group"] {
            return FoundPackage(.java, namespace: group, name: name, version: headers["Nar-Version"])
        }
        let (name, version) = JavaFileName.parts(of: fileName)
        let stated = ["Implementation-Version", "Bundle-Version", "Specification-Version"].lazy.compactMap {
            headers[$0]
        }
        var package = FoundPackage(.java, name: name, version: version ?? stated.first)
        package.isNamedByFile = true
        return package
    }

    private func place(_ reason: String) -> String { inside.isEmpty ? reason : "\(inside): \(reason)" }
}

/// Maven's custom for file names, `NAME-VERSION.jar`.
enum JavaFileName {
    /// `log4j-1.2-api-2.17.1.jar` is version 2.17.1 of `log4j-1.2-api`, `guava-31.1-jre.jar` 31.1-jre of `guava`.
    static func parts(of file: String) -> (name: String, version: String?) {
        let stem = file.lastIndex(of: ".").map { file[..<$0] } ?? file[...]
        let words = stem.split(separator: "-", omittingEmptySubsequences: false)
        func isNumber(_ index: Int) -> Bool { words[index].utf8.first.map { (0x30...0x39).contains($0) } ?? false }
        guard var start = words.indices.last(where: isNumber), start > 0 else { return (String(stem), nil) }
        while start > 1, isNumber(start - 1) { start -= 1 }
        return (words[..<start].joined(separator: "-"), words[start...].joined(separator: "-"))
    }
}
