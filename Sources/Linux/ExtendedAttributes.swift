internal import CLinux
internal import Glibc

/// Extended attributes of files (xattr(7)). What fails leaves its reason in `errno`.
package enum ExtendedAttributes {
    /// The largest value, and the largest list of names, that the kernel keeps (`<linux/limits.h>`).
    private static let limit = 64 << 10

    /// Sets one of an open file or folder; where `isNew`, one that is there is an error.
    package static func set(_ name: String, to value: [UInt8], ofFile file: CInt, isNew: Bool = false) -> Bool {
        fsetxattr(file, name, value, value.count, isNew ? CInt(XATTR_CREATE) : 0) == 0
    }

    /// Sets one of whatever is at `path`, be it a link.
    package static func set(_ name: String, to value: [UInt8], at path: UnsafePointer<CChar>) -> Bool {
        lsetxattr(path, name, value, value.count, 0) == 0
    }

    /// One of an open file or folder.
    package static func value(_ name: String, ofFile file: CInt) -> [UInt8]? {
        var value = [UInt8](repeating: 0, count: limit)
        let count = fgetxattr(file, name, &value, value.count)
        return count < 0 ? nil : Array(value[..<count])
    }

    /// The names of all of an open file or folder; none where the file system has no such thing.
    package static func names(ofFile file: CInt) -> [String]? {
        var names = [UInt8](repeating: 0, count: limit)
        let count = names.withUnsafeMutableBytes {
            flistxattr(file, $0.assumingMemoryBound(to: CChar.self).baseAddress, $0.count)
        }
        guard count >= 0 else { return errno == ENOTSUP ? [] : nil }
        return names[..<count].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
