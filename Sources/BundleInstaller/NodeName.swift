internal import Glibc

/// The name by which Kubernetes knows this node.
enum NodeName {
    /// The host's name in small letters, as kubelet takes it; `nil` where the kernel has none.
    static var current: String? {
        var names = utsname()
        guard uname(&names) == 0 else { return nil }
        let name = withUnsafeBytes(of: &names.nodename) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return name.isEmpty || name == "(none)" ? nil : name.lowercased()
    }
}
