/// What the Go linker writes into a program: Go's `debug/buildinfo` and `runtime/debug`, "BuildInfo".
struct GoBuildInfo {
    static let magic = [0xFF] + Array(" Go buildinf:".utf8)
    /// The magic stands at a multiple of this, in memory and so in the file.
    static let alignment = 16
    static let headerSize = 32
    /// Module lists of the largest known programs have some 100 KB.
    static let textLimit = 1 << 20
    /// At both ends of the module list, for who searches the program without Go's headers.
    private static let sentinelSize = 16

    /// `go1.22.1`, perhaps with experiments behind a space.
    var version: String
    /// Lines of words with tabs between them.
    var modules: String

    /// The strings as they follow the header; `nil` where they are not Go's.
    init?(version: [UInt8], modules: [UInt8]) {
        self.version = String(decoding: version, as: UTF8.self)
        guard self.version.hasPrefix("go") || self.version.hasPrefix("devel") else { return nil }
        let isFramed = modules.count >= 2 * Self.sentinelSize + 1 && modules[modules.count - 17] == 0x0A
        self.modules =
            isFramed
            ? String(decoding: modules.dropFirst(Self.sentinelSize).dropLast(Self.sentinelSize), as: UTF8.self) : ""
    }

    /// The program's own module, those that were linked into it, and Go's standard library.
    var packages: [FoundPackage] {
        var packages: [FoundPackage] = []
        var path: String?
        for line in modules.split(separator: "\n").prefix(Reading.packageLimit) {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            switch (words[0], words.count) {
            case ("path", 2...): path = words[1]
            case ("mod", 2...), ("dep", 2...):
                let version = words.count > 2 && words[2] != "(devel)" ? words[2] : nil
                packages.append(FoundPackage(.golang, name: words[1], version: version))
            // A module that is replaced by a folder keeps the name by which it is known.
            case ("=>", 3...) where !packages.isEmpty && !words[2].isEmpty:
                packages[packages.count - 1] = FoundPackage(.golang, name: words[1], version: words[2])
            default: break
            }
        }
        if packages.isEmpty, let path { packages.append(FoundPackage(.golang, name: path)) }
        let release = version.split(separator: " ").first.map(String.init) ?? ""
        packages.append(
            FoundPackage(
                .golang, name: "stdlib", version: release.hasPrefix("go") ? String(release.dropFirst(2)) : nil))
        return packages
    }
}
