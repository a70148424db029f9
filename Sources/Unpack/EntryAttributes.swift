internal import Glibc
internal import Layers
internal import Linux

/// Owner, mode, times and extended attributes of a tar's member, as containerd reads them with Go's archive/tar.
struct EntryAttributes {
    /// What a file system keeps, nanoseconds since 1970 of 63 bits; what is beyond counts as 1970 (containerd's
    /// `boundTime`).
    private static let last = (Int.max / 1_000_000_000, Int.max % 1_000_000_000)
    private static let xattrPrefix = "SCHILY.xattr."

    var userID: uid_t
    var groupID: gid_t
    /// Permissions, set-id and sticky bits.
    var mode: mode_t
    /// Access and modification.
    var times: (timespec, timespec)
    /// By name, sorted.
    var extended: [(name: String, value: [UInt8])] = []

    /// Throws where a field is not what every reader takes for the same.
    init(_ entry: TarEntry) throws(UnpackDoubt) {
        let header = entry.header
        let user = try Self.number(entry.pax.text("uid"), header.userID, "owner")
        let group = try Self.number(entry.pax.text("gid"), header.groupID, "group")
        let mode = try Self.number(nil, header.mode, "mode")
        // The last number means "as it is" to the kernel.
        guard let userID = uid_t(exactly: user), userID != .max, let groupID = gid_t(exactly: group), groupID != .max
        else { throw UnpackDoubt("an owner that the kernel doesn't know: \(user):\(group)") }
        self.userID = userID
        self.groupID = groupID
        self.mode = mode_t(truncatingIfNeeded: mode) & 0o7777
        let seconds = try Self.number(nil, header.modified, "time")
        let modified = try Self.time(entry.pax.text("mtime")) ?? timespec(tv_sec: Int(seconds), tv_nsec: 0)
        // Without a time of access there is the year 1 for it, which is before any other.
        let accessed = try Self.time(entry.pax.text("atime")) ?? modified
        let latest = (accessed.tv_sec, accessed.tv_nsec) < (modified.tv_sec, modified.tv_nsec) ? modified : accessed
        times = (Self.bound(latest), Self.bound(modified))
        for (key, value) in entry.pax.values where key.hasPrefix(Self.xattrPrefix) {
            let name = String(key.dropFirst(Self.xattrPrefix.count))
            guard name.utf8.allSatisfy({ 0x20 < $0 && $0 < 0x7F }) else {
                throw UnpackDoubt("an extended attribute without a plain name")
            }
            // containerd takes none of these from a layer.
            if !name.hasPrefix("trusted.") { extended.append((name, value)) }
        }
        extended.sort { $0.name < $1.name }
    }

    private static func number(_ pax: [UInt8]?, _ field: Int64?, _ what: String) throws(UnpackDoubt) -> Int64 {
        guard let pax else {
            guard let field, field >= 0 else { throw UnpackDoubt("\(what): no number") }
            return field
        }
        guard let digits = digits(pax) else { throw UnpackDoubt("\(what): no number") }
        return digits
    }

    private static func digits(_ text: some Collection<UInt8>) -> Int64? {
        guard (1...18).contains(text.count) else { return nil }
        var value: Int64 = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// A pax time: seconds, and after a point as many digits as there are, of which nine count.
    private static func time(_ text: [UInt8]?) throws(UnpackDoubt) -> timespec? {
        guard let text else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let isEarly = parts[0].first == UInt8(ascii: "-")
        let fraction = parts.count > 1 ? Array(parts[1]) : []
        let nine = fraction.prefix(9) + [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 9 - fraction.count))
        guard let seconds = digits(parts[0].dropFirst(isEarly ? 1 : 0)), let nanoseconds = digits(nine),
            fraction.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw UnpackDoubt("a time that is no number") }
        return isEarly ? timespec(tv_sec: -1, tv_nsec: 0) : timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    }

    private static func bound(_ time: timespec) -> timespec {
        0 <= time.tv_sec && (time.tv_sec, time.tv_nsec) <= last ? time : timespec(tv_sec: 0, tv_nsec: 0)
    }

    /// Gives all of it to an open file or folder.
    func apply(toFile file: CInt, _ name: [UInt8]) throws(UnpackDoubt) {
        guard fchown(file, userID, groupID) == 0 else { throw LayerTree.doubt("give an owner to", name) }
        for attribute in extended {
            try check(ExtendedAttributes.set(attribute.name, to: attribute.value, ofFile: file), attribute.name, name)
        }
        // After the owner, whose change takes bits of the mode away.
        let isDone = withUnsafePointer(to: times) {
            $0.withMemoryRebound(to: timespec.self, capacity: 2) { fchmod(file, mode) == 0 && futimens(file, $0) == 0 }
        }
        guard isDone else { throw LayerTree.doubt("give mode and times to", name) }
    }

    /// Gives all of it to whatever is called `name` in a folder, be it a link.
    func apply(to name: [UInt8], in folder: CInt) throws(UnpackDoubt) {
        let owned = LayerTree.at(name) { fchownat(folder, $0, userID, groupID, AT_SYMLINK_NOFOLLOW) }
        guard owned == 0 else { throw LayerTree.doubt("give an owner to", name) }
        if !extended.isEmpty {
            // There is no such call with a folder, but there is a name for an open one.
            let path = Array("/proc/self/fd/\(folder)/".utf8) + name
            for attribute in extended {
                let code = LayerTree.at(path) {
                    ExtendedAttributes.set(attribute.name, to: attribute.value, at: $0) ? 0 : -1
                }
                try check(code == 0, attribute.name, name)
            }
        }
        var status = stat()
        guard LayerTree.at(name, { fstatat(folder, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0,
            status.st_mode & S_IFMT == S_IFLNK || LayerTree.at(name, { fchmodat(folder, $0, mode, 0) }) == 0,
            LayerTree.setTimes(times, name, in: folder) == 0
        else { throw LayerTree.doubt("give mode and times to", name) }
    }

    private func check(_ isDone: Bool, _ attribute: String, _ name: [UInt8]) throws(UnpackDoubt) {
        // containerd goes on where the file system has no such attributes.
        guard isDone || errno == ENOTSUP else { throw LayerTree.doubt("set \(attribute) of", name) }
    }
}
