internal import BundleFormat
internal import SystemPackage

/// The rules about file systems.
let storageRules: [CheckRule] = [
    CheckRule(.disk, "room on disk", .always, checkDisk),
    CheckRule(.inodes, "room for files", .always, checkInodes),
    CheckRule(.fileSystems, "kinds of file systems", .kubernetes, checkFileSystems),
    CheckRule(.volatileData, "data that a reboot would lose", .workloads, checkVolatileData),
]

/// What is going to be written, path by path.
private struct DiskPlan {
    struct Item {
        let path: String
        let bytes: Int64
        let files: Int64
        let what: String
    }

    /// What k0s itself takes (k0s documentation: 1.7 GB used, 2 GB at least).
    private static let kubernetes: Int64 = 2_000_000_000
    private static let state: Int64 = 100_000_000
    /// Layers hold many small files; each wastes half a block.
    private static let blockWaste: Int64 = 20
    /// An image's files have 32 KiB on average; Debian's base system has 22, a Java platform more.
    private static let averageFile: Int64 = 32 << 10

    let items: [Item]

    init(_ context: CheckContext) {
        let needs = context.needs
        let data = context.options.dataDirectory.string
        let unpacked = saturatingSum(needs.unpackedBytes, needs.unpackedBytes / Self.blockWaste)
        let images = max(0, saturatingSum(needs.imageBytes, unpacked) - context.options.storedBytes)
        var items = [
            Item(path: data, bytes: images, files: unpacked / Self.averageFile, what: "images"),
            Item(
                path: context.options.stateDirectory.string, bytes: Self.state, files: 100,
                what: "the installer's state"),
        ]
        // What is there already has had its room: a second run must not ask for it again.
        if context.options.purpose == .install, !context.options.isInstalled {
            if needs.distribution != nil {
                items.append(Item(path: data, bytes: Self.kubernetes, files: 1000, what: "Kubernetes"))
                items.append(Item(path: "/usr/local/bin", bytes: needs.distributionBytes, files: 1, what: "k0s"))
            }
            items += Self.volumes(needs, data)
        }
        self.items = items
    }

    /// Volumes where they say that they are; the rest beside Kubernetes' own data.
    private static func volumes(_ needs: PreflightNeeds, _ data: String) -> [Item] {
        let paths = needs.workloads.hostPaths.filter { !$0.isOfTheKernel }
        let known = paths.compactMap(\.bytes).reduce(0, saturatingSum)
        let rest = max(0, needs.workloads.volumeBytes - known)
        return paths.map { Item(path: $0.path, bytes: $0.bytes ?? 0, files: 0, what: $0.owner) }
            + [Item(path: data, bytes: rest, files: 0, what: "volumes")]
    }

    /// The items by the file system that they share.
    func groups(on host: Host) -> [(system: FileSystem, items: [Item])] {
        var groups: [UInt64: (system: FileSystem, items: [Item])] = [:]
        for item in items {
            guard let system = FileSystem(holding: item.path, on: host) else { continue }
            groups[system.device, default: (system, [])].items.append(item)
        }
        return groups.values.filter { $0.items.contains { $0.bytes > 0 || $0.files > 0 } }
            .sorted { $0.items[0].path < $1.items[0].path }
    }
}

@Sendable private func checkDisk(_ context: CheckContext) -> Finding {
    let data = FileSystem(holding: context.options.dataDirectory.string, on: context.host)
    var found: [String] = []
    var wanted: [String] = []
    var remedies: [String] = []
    for (system, items) in DiskPlan(context).groups(on: context.host) {
        let bytes = items.map(\.bytes).reduce(0, saturatingSum)
        // kubelet starts to delete images and evict pods below 15 % free (imageGCHighThresholdPercent 85).
        let isWatched = system.device == data?.device && context.options.purpose == .install
        let reserve = isWatched ? system.total / 100 * 15 : 0
        let need = saturatingSum(bytes, reserve)
        let place = items.max { $0.bytes < $1.bytes }?.path ?? ""
        found.append("\(shownBytes(system.free)) free at \(place)")
        wanted.append("\(shownBytes(bytes))\(reserve > 0 ? " and 15 % (\(shownBytes(reserve))) left free" : "")")
        guard need > system.free else { continue }
        let target = system.device == data?.device ? context.options.dataDirectory.string : place
        remedies.append("free \(shownBytes(need - system.free)), or mount a larger disk on \(target)")
    }
    guard !found.isEmpty else {
        return .fail("no file system can be looked at", need: "room", remedy: "run it on the host itself, as root")
    }
    let measured = found.joined(separator: "; ")
    let need = wanted.joined(separator: "; ")
    guard !remedies.isEmpty else { return .pass(measured, need: need) }
    return .fail(measured, need: need, remedy: remedies.joined(separator: "; "))
}

@Sendable private func checkInodes(_ context: CheckContext) -> Finding {
    var found: [String] = []
    var wanted: [String] = []
    var isShort = false
    for (system, items) in DiskPlan(context).groups(on: context.host) where system.inodes > 0 {
        let files = items.map(\.files).reduce(0, saturatingSum)
        found.append("\(system.freeInodes) free at \(items[0].path)")
        wanted.append("about \(files)")
        isShort = isShort || system.freeInodes < files
    }
    let measured = found.isEmpty ? "no limit" : found.joined(separator: "; ")
    let need = wanted.isEmpty ? "none" : wanted.joined(separator: "; ")
    guard isShort else { return .pass(measured, need: need) }
    return .fail(
        measured, need: need,
        remedy: "remove many small files, or put \(context.options.dataDirectory) on a file system with more inodes")
}

/// File systems that overlayfs can't write its layers to, or that others may change under it.
private let unfitTypes: Set = [
    "overlay", "nfs", "nfs4", "cifs", "smb3", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "9p", "squashfs", "iso9660",
]

@Sendable private func checkFileSystems(_ context: CheckContext) -> Finding {
    let data = context.options.dataDirectory.string
    let need = "\(data) on ext4, xfs or the like; nothing read-only or noexec"
    var faults: [String] = []
    for path in [data, "/usr/local/bin", "/etc", "/opt", "/run"] {
        guard let system = FileSystem(holding: path, on: context.host) else { continue }
        if system.isReadOnly { faults.append("\(path) is read-only") }
        if system.forbidsExecution, !["/etc", "/run"].contains(path) { faults.append("\(path) is noexec") }
    }
    let type = dataType(context)
    if unfitTypes.contains(type) || type.hasPrefix("fuse.") { faults.append("\(data) is on \(type)") }
    guard faults.isEmpty else {
        return .fail(
            faults.joined(separator: ", "), need: need,
            remedy: "mount -o remount,rw,exec the file system, or mount a disk of ext4 or xfs on \(data)")
    }
    if type == "tmpfs" {
        return .warn("\(data) is on tmpfs", need: need, remedy: "all is lost at a reboot; mount a disk on \(data)")
    }
    for path in [context.options.installer, context.options.bundle].compactMap({ $0?.string }) {
        guard FileSystem(holding: path, on: context.host)?.forbidsExecution == true else { continue }
        return .warn(
            "\(path) is on a noexec mount", need: need,
            remedy: "programs can't be started from there; copy the installer to /usr/local/bin and run it from there")
    }
    return .pass("\(data) on \(type)", need: need)
}

private func dataType(_ context: CheckContext) -> String {
    let path = context.options.dataDirectory.string
    let system = FileSystem(holding: path, on: context.host)
    // The device tells also where a symbolic link leads; btrfs' own numbers are in no mount table.
    let byDevice = context.mounts.mounts.last { $0.device == system?.deviceName }
    return (byDevice ?? context.mounts.mount(holding: path))?.type ?? "an unknown file system"
}

@Sendable private func checkVolatileData(_ context: CheckContext) -> Finding {
    let need = "data where neither a reboot nor a cleaner removes it"
    let paths = Set(context.needs.workloads.hostPaths.filter { !$0.isOfTheKernel }.map(\.path)).sorted()
    guard !paths.isEmpty else { return .pass("no data outside volumes", need: need) }
    let sweeps = TemporaryFilesRules(of: context.host)
    var faults: [String] = []
    for path in paths {
        if let type = context.mounts.mount(holding: path)?.type, ["tmpfs", "ramfs"].contains(type) {
            faults.append("\(path) is on \(type)")
        } else if let reason = sweeps.reason(for: path) {
            faults.append("\(path) is \(reason)")
        }
    }
    guard let first = faults.first else { return .pass("\(paths.count) folders", need: need) }
    let more = faults.count > 1 ? ", and \(faults.count - 1) more" : ""
    return .warn(
        first + more, need: need,
        remedy: "choose a folder on disk before the first start: "
            + context.needs.change(
                where: { faults[0].hasPrefix("\($0)/") || faults[0].hasPrefix("\($0) ") }, "/var/lib/data"))
}

extension Requirements.HostPath {
    /// Whether the kernel makes it up: /proc and the like hold no data of the platform.
    fileprivate var isOfTheKernel: Bool {
        ["/proc", "/sys", "/dev"].contains { path == $0 || path.hasPrefix($0 + "/") } || path == "/"
    }
}

/// What systemd-tmpfiles removes: tmpfiles.d(5).
struct TemporaryFilesRules {
    private struct Rule {
        let isEmptiedAtBoot: Bool
        let path: String
        let age: String
    }

    private let rules: [Rule]

    init(of host: Host) {
        // A file of the same name in an earlier folder hides the later one.
        var files: [String: String] = [:]
        for folder in ["/usr/lib/tmpfiles.d", "/run/tmpfiles.d", "/etc/tmpfiles.d"] {
            for name in host.names(in: folder) where name.hasSuffix(".conf") { files[name] = "\(folder)/\(name)" }
        }
        let isRun = host.exists("/run/systemd/system") || host.hasProgram("systemd-tmpfiles")
        rules = !isRun ? [] : files.values.sorted().flatMap { host.lines($0) }.compactMap(Self.rule)
    }

    /// Type Path Mode User Group Age Argument
    private static func rule(_ line: Substring) -> Rule? {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count >= 2, let type = fields[0].first, "dDqQveRr".contains(type) else { return nil }
        let age = fields.count > 5 && fields[5] != "-" ? String(fields[5]) : ""
        let isEmptied = type == "D" || type == "R"
        guard isEmptied || !age.isEmpty else { return nil }
        return Rule(isEmptiedAtBoot: isEmptied, path: String(fields[1]), age: age)
    }

    /// Why what is below `path` does not stay; `nil` where nothing removes it.
    func reason(for path: String) -> String? {
        let above = rules.filter { path == $0.path || path.hasPrefix($0.path + "/") }
        guard let rule = above.max(by: { $0.path.utf8.count < $1.path.utf8.count }) else { return nil }
        return rule.isEmptiedAtBoot
            ? "in \(rule.path), which is emptied at boot" : "in \(rule.path), which is swept after \(rule.age)"
    }
}
