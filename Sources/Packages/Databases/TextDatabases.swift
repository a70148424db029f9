/// dpkg's status: deb-control(5) and dpkg(1), "Package states".
enum DpkgStatus {
    private static let keys: Set = ["Package", "Version", "Architecture", "Source", "Status"]
    /// Of these nothing but configuration is left.
    private static let absent: Set = ["not-installed", "config-files"]

    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var nameless = 0
        FieldLines.paragraphs(of: bytes, keys: keys) { fields in
            guard let name = fields["Package"] else {
                nameless += 1
                return true
            }
            // Distroless images state none.
            let state = fields["Status"]?.split(separator: " ").last.map(String.init)
            if let state, absent.contains(state) { return true }
            var package = FoundPackage(.deb, name: name, version: fields["Version"])
            package.architecture = fields["Architecture"].flatMap(FoundPackage.shortened)
            package.source = fields["Source"].flatMap(FoundPackage.shortened)
            reading.packages.append(package)
            return !reading.isFull
        }
        if nameless > 0 { reading.faults.append("\(nameless) of its paragraphs name no package") }
        return reading
    }
}

/// apk's database of installed packages: Alpine's wiki, "Apk spec", "Index Format V2", whose fields it shares.
enum ApkDatabase {
    private static let keys: Set = ["P", "V", "A", "L", "o"]

    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var nameless = 0
        FieldLines.paragraphs(of: bytes, keys: keys) { fields in
            guard let name = fields["P"] else {
                nameless += 1
                return true
            }
            var package = FoundPackage(.apk, name: name, version: fields["V"])
            package.architecture = fields["A"].flatMap(FoundPackage.shortened)
            package.license = fields["L"].flatMap(FoundPackage.shortened)
            package.source = fields["o"].flatMap(FoundPackage.shortened)
            reading.packages.append(package)
            return !reading.isFull
        }
        if nameless > 0 { reading.faults.append("\(nameless) of its paragraphs name no package") }
        return reading
    }
}

/// What an installed Python distribution says of itself: "Core metadata specifications" of the PyPA.
enum PythonMetadata {
    private static let keys: Set = ["Name", "Version", "License", "License-Expression"]

    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        FieldLines.paragraphs(of: bytes, keys: keys) { fields in
            guard let name = fields["Name"] else { return false }
            var package = FoundPackage(.pypi, name: name, version: fields["Version"])
            package.license = (fields["License-Expression"] ?? fields["License"]).flatMap(FoundPackage.shortened)
            reading.packages.append(package)
            return false  // behind the first empty line is prose
        }
        if reading.packages.isEmpty { reading.faults.append("it names no distribution") }
        return reading
    }
}

/// Lines of `KEY=VALUE`, the values quoted or not: os-release(5), which others took over.
enum Assignments {
    static func read(_ bytes: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        for line in TextLines(bytes) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let key = String(decoding: line[..<equals], as: UTF8.self)
            fields[key] = FoundPackage.shortened(unquoted(line[line.index(after: equals)...]))
        }
        return fields
    }

    private static func unquoted(_ value: ArraySlice<UInt8>) -> String {
        var value = value
        if let first = value.first, value.count >= 2, first == value.last, first == 0x22 || first == 0x27 {
            value = value.dropFirst().dropLast()
        }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in value {
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            if !isEscaped { text.append(byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// What a system says of itself: os-release(5).
enum OSRelease {
    /// `nil` unless it has an ID.
    static func read(_ bytes: [UInt8], at path: String) -> LayerPackages.Distribution? {
        let fields = Assignments.read(bytes)
        guard let id = fields["ID"] else { return nil }
        return LayerPackages.Distribution(
            path: path, id: id, versionID: fields["VERSION_ID"], prettyName: fields["PRETTY_NAME"])
    }
}

/// The file `release` of a Java runtime: JDK's `make/ReleaseFile.gmk`.
enum JavaRelease {
    /// Nothing unless it states Java's version: other files have this name too.
    static func read(_ bytes: [UInt8]) -> Reading {
        let fields = Assignments.read(bytes)
        guard let version = fields["JAVA_VERSION"] else { return Reading() }
        let kind = fields["IMAGE_TYPE"].map { "java-\($0.lowercased())" } ?? "java"
        var package = FoundPackage(
            .runtime, namespace: fields["IMPLEMENTOR"], name: kind, version: fields["JAVA_RUNTIME_VERSION"] ?? version)
        package.architecture = fields["OS_ARCH"]
        return Reading(packages: [package])
    }
}
