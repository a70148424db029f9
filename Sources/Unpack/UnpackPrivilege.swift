internal import Glibc
internal import SystemPackage

/// Whether this process can do what containerd does when it unpacks.
package enum UnpackPrivilege {
    /// CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SYS_ADMIN, CAP_MKNOD and CAP_SETFCAP of
    /// `<linux/capability.h>`.
    private static let needed: [UInt64] = [0, 1, 3, 4, 21, 27, 31]

    /// What is in the way; `nil` where nothing is.
    ///
    /// A user namespace is, where owners are not what they seem; and SELinux, under which files would be labelled as this
    /// process has it.
    package static var obstacle: String? {
        guard geteuid() == 0 else { return "this process is not root's" }
        if access("/sys/fs/selinux/enforce", F_OK) == 0 { return "SELinux would label the files as this process's own" }
        guard text("/proc/self/uid_map").split(separator: " ") == ["0", "0", "4294967295\n"] else {
            return "this process is in a user namespace"
        }
        guard
            let line = text("/proc/self/status").split(separator: "\n").first(where: { $0.hasPrefix("CapEff:\t") }),
            let effective = UInt64(line.dropFirst("CapEff:\t".count), radix: 16)
        else { return "/proc/self/status doesn't tell this process's capabilities" }
        let missing = needed.filter { effective & 1 << $0 == 0 }.map(String.init)
        return missing.isEmpty ? nil : "this process lacks the capabilities \(missing.joined(separator: ", "))"
    }

    /// What a file of /proc says; nothing where it can't be read, which is no sign that all is well.
    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
