package import SystemPackage

/// Why a key can't be read, written or used.
package enum KeyError: Error, Hashable, Sendable {
    /// A system call on `path` failed; `action` says which, and what is there: "read the key", "list the keys in" …
    case system(action: String, path: FilePath, errno: Errno)
    /// The file is there and is not the key that it should be.
    case malformed(path: FilePath, KeyFault)
    /// The private key is protected, and no passphrase was given.
    case passphraseMissing(path: FilePath)
    /// The passphrase does not open the private key.
    case passphraseWrong(path: FilePath)
    /// The file that should hold a passphrase holds none.
    case passphraseEmpty(path: FilePath)
    /// Anybody may write to what says whom this host trusts.
    case open(path: FilePath)
    /// A key is never overwritten.
    case exists(path: FilePath)
}

extension KeyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .malformed(let path, let fault): "can't use the key \(path): \(fault.reason)"
        case .passphraseMissing(let path): "can't use the key \(path): it is protected by a passphrase"
        case .passphraseWrong(let path): "can't use the key \(path): the passphrase does not open it"
        case .passphraseEmpty(let path): "there is no passphrase in the first line of \(path)"
        case .open(let path): "can't trust \(path): anybody on this host may change it"
        case .exists(let path): "can't make a key: \(path) is there already"
        }
    }

    /// Whether a file stands where a key was to be made.
    package var isTaken: Bool { if case .exists = self { true } else { false } }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch self {
        case .system: nil
        case .malformed(_, let fault): fault.hint
        case .passphraseMissing: "name the file that holds it with --passphrase-file"
        case .passphraseEmpty: nil
        case .open: "look who put what there, then chmod o-w"
        case .passphraseWrong: "the first line of the passphrase file counts, without its line break"
        case .exists: "a key that is gone can't be had back: choose another name, or move the old key away"
        }
    }
}

/// What is wrong with the content of a key, and what helps.
package struct KeyFault: Error, Hashable, Sendable {
    package var reason: String
    package var hint: String?

    init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}
