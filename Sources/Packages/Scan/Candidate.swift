/// Whether a file tells of packages, by its path.
enum Candidate: Hashable {
    case dpkg, apk, rpm, rpmLog, osRelease, python, node, java, javaRuntime
    /// Kept by a package manager whose records are not read; `folder` is where they are.
    case unsupported(manager: String, folder: String)

    private static let exact: [String: Candidate] = [
        "var/lib/dpkg/status": .dpkg,
        "lib/apk/db/installed": .apk, "usr/lib/apk/db/installed": .apk,
        "etc/os-release": .osRelease, "usr/lib/os-release": .osRelease,
        "usr/lib/opkg/status": .unsupported(manager: "opkg", folder: "usr/lib/opkg"),
        "var/lib/opkg/status": .unsupported(manager: "opkg", folder: "var/lib/opkg"),
    ]
    private static let rpmFolders = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"]
    private static let unsupportedFolders: [(prefix: String, manager: String)] = [
        ("var/lib/pacman/local/", "pacman"), ("var/db/pkg/", "portage"), ("nix/store/", "nix"),
    ]

    /// `nil` for all others, which may still be programs.
    static func of(_ path: String) -> Candidate? {
        if let known = exact[path] { return known }
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { path[path.utf8.index(after: $0)...] } ?? path[...]
        switch name {
        case "Packages", "Packages.db", "rpmdb.sqlite", "rpmdb.sqlite-wal":
            guard
                rpmFolders.contains(where: { path.hasPrefix($0) && path.utf8.count == $0.utf8.count + name.utf8.count })
            else { return nil }
            return name.hasSuffix("-wal") ? .rpmLog : .rpm
        case "METADATA": if path.hasSuffix(".dist-info/METADATA") { return .python }
        case "PKG-INFO": if path.hasSuffix(".egg-info/PKG-INFO") { return .python }
        case "release": return .javaRuntime
        case "package.json": return isInstalledByNPM(path) ? .node : nil
        default: break
        }
        if JavaArchive.isNamed(name) { return .java }
        if name.hasSuffix(".egg-info") { return .python }
        // Distroless images have a file for each package, and its checksums beside it.
        let single = "var/lib/dpkg/status.d/"
        if path.hasPrefix(single), path.utf8.count == single.utf8.count + name.utf8.count {
            return name.hasSuffix(".md5sums") ? nil : .dpkg
        }
        return unsupported(path, name: name)
    }

    private static func unsupported(_ path: String, name: Substring) -> Candidate? {
        for (prefix, manager) in unsupportedFolders where path.hasPrefix(prefix) {
            return .unsupported(manager: manager, folder: String(prefix.dropLast()))
        }
        for (folder, suffix, manager) in [
            ("/specifications", ".gemspec", "gem"), ("/conda-meta", ".json", "conda"),
            ("/vendor/composer", "installed.json", "composer"),
        ] where name.hasSuffix(suffix) && path.dropLast(name.count + 1).hasSuffix(folder) {
            return .unsupported(manager: manager, folder: String(path.dropLast(name.count + 1)))
        }
        return nil
    }

    /// `…/node_modules/NAME/package.json` or `…/node_modules/@SCOPE/NAME/package.json`.
    private static func isInstalledByNPM(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard parts.count >= 3 else { return false }
        if parts[parts.count - 3] == "node_modules" { return true }
        return parts.count >= 4 && parts[parts.count - 4] == "node_modules" && parts[parts.count - 3].hasPrefix("@")
    }
}
