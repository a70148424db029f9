internal import Glibc

/// The file system that holds a path, or that will hold it once it is made.
struct FileSystem: Sendable {
    /// The device; equal for paths that share their space.
    let device: UInt64
    let total: Int64
    /// What processes other than root's may still write.
    let free: Int64
    /// Zero where the file system knows no limit.
    let inodes: Int64
    let freeInodes: Int64
    let isReadOnly: Bool
    let forbidsExecution: Bool

    /// Looks at the nearest folder above `path` that is there; `nil` where even the root can't be looked at.
    init?(holding path: String, on host: Host) {
        var path = path[...]
        var status = stat()
        while stat(host.place(String(path)), &status) != 0 {
            // The folder above "/a" is "/", and there is none above that.
            guard path.utf8.count > 1, let slash = path.lastIndex(of: "/") else { return nil }
            path = slash == path.startIndex ? "/" : path[..<slash]
        }
        var space = statvfs()
        guard statvfs(host.place(String(path)), &space) == 0 else { return nil }
        device = UInt64(status.st_dev)
        let unit = UInt64(space.f_frsize)
        func bytes(_ blocks: UInt) -> Int64 {
            let (count, overflows) = UInt64(blocks).multipliedReportingOverflow(by: unit)
            return overflows ? .max : Int64(clamping: count)
        }
        total = bytes(space.f_blocks)
        free = bytes(space.f_bavail)
        inodes = Int64(clamping: space.f_files)
        freeInodes = Int64(clamping: space.f_favail)
        isReadOnly = space.f_flag & UInt(ST_RDONLY) != 0
        forbidsExecution = space.f_flag & Self.noExecution != 0
    }

    /// `ST_NOEXEC` of `<bits/statvfs.h>`, which glibc shows only to programs that ask for GNU extensions.
    private static let noExecution: UInt = 8

    /// `MAJOR:MINOR`, as in mountinfo.
    var deviceName: String {
        // The split of glibc's gnu_dev_major and gnu_dev_minor.
        let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
        let minor = (device & 0xFF) | (device >> 12 & ~0xFF)
        return "\(major):\(minor)"
    }
}

/// The mounts of the host: `/proc/self/mountinfo` (proc(5)).
struct MountTable: Sendable {
    struct Mount: Hashable, Sendable {
        var device: String
        var point: String
        var type: String
        var options: Set<String>
    }

    let mounts: [Mount]

    init(parsing text: String) {
        mounts = text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(separator: " ").map { String($0) }
            // A variable number of optional fields ends with a dash.
            guard fields.count >= 9, let dash = fields[6...].firstIndex(of: "-"), dash + 1 < fields.count else {
                return nil
            }
            return Mount(
                device: fields[2], point: Self.unescaped(fields[4]), type: fields[dash + 1],
                options: Set(fields[5].split(separator: ",").map { String($0) }))
        }
    }

    /// The mount on exactly `point`, the uppermost where there are several.
    subscript(point: String) -> Mount? { mounts.last { $0.point == point } }

    /// The mount that holds `path`: the one with the longest point above it.
    func mount(holding path: String) -> Mount? {
        var best: Mount?
        for mount in mounts {
            let isAbove = mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/")
            if isAbove, mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
        }
        return best
    }

    /// Space, tab, line feed and backslash are written as three octal digits.
    private static func unescaped(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count,
                let code = UInt8(String(decoding: bytes[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
            {
                result.append(code)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
