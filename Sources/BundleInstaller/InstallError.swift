package import OCI
package import SystemPackage

/// Why a command on the isolated host stopped.
package enum InstallError: Error, Sendable {
    /// Another process holds the lock.
    case busy(pid: Int?)
    case system(action: String, path: FilePath, errno: Errno)
    /// A line in the middle of the journal is not what was written.
    case journalDamaged(path: FilePath, line: Int)
    /// The archive is damaged.
    case damaged(path: FilePath, faults: Int, first: String)
    /// A delta's base is not what is installed here, or not all of it is there.
    case noBase(label: String, reason: String)
    case wrongPlatform(bundle: [Platform], host: Platform)
    /// The description and the artifact's layers don't fit together.
    case artifact(path: FilePath, reason: String)
    /// The checks of this name say no; nothing was changed.
    case preflight(failed: [String])
    /// Parameters that have neither default nor generator nor a value.
    case valuesMissing([Parameters.Missing])
    /// Something else is installed, or was begun.
    case otherBundle(installed: String, wanted: String, isFinished: Bool)
    /// What is installed is being taken away.
    case uninstalling(String)
    /// Something that can't be changed once an installation was begun.
    case settled(what: String)
    /// This host is something else in its cluster than the command is for; `instead` says what to do.
    case otherRole(isWorker: Bool, instead: String)
    /// No worker can join, and why.
    case closed(reason: String)
    case notInstalled(state: FilePath)
    /// `upgrade` was given a bundle that is no successor.
    case noUpgrade(reason: String, hint: String? = nil)
    /// `upgrade` was given an older version without being told that this is meant.
    case olderVersion(installed: String, wanted: String)
    /// A step gave up; `cause` is the error that stopped it, where there was one.
    case step(name: String, reason: String, hint: String?, cause: (any Error)? = nil)
}

extension InstallError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .busy(let pid):
            "another sealift-installer is changing this host" + (pid.map { ": process \($0)" } ?? "")
        case .system(let action, let path, let errno): "can't \(action) \(path): \(errno)"
        case .journalDamaged(let path, let line): "line \(line) of the journal \(path) is damaged"
        case .damaged(let path, let faults, let first):
            "\(path) is damaged in \(faults) place\(faults == 1 ? "" : "s"), first: \(first)"
        case .noBase(let label, let reason): "this bundle is a delta on top of \(label): \(reason)"
        case .wrongPlatform(let bundle, let host):
            "the bundle is for \(bundle.map(\.description).joined(separator: ", ")), this host is \(host)"
        case .artifact(let path, let reason): "\(path) is not a bundle that can be installed: \(reason)"
        case .preflight(let failed):
            "this host fails \(failed.count == 1 ? "the check" : "the checks") "
                + "\(failed.joined(separator: ", ")); nothing was changed"
        case .valuesMissing(let missing):
            "the bundle needs values for: " + missing.map(\.description).joined(separator: "; ")
        case .otherBundle(let installed, let wanted, let isFinished):
            isFinished
                ? "\(installed) is installed here, not \(wanted)"
                : "the installation of \(installed) was begun here and is not finished; \(wanted) can't start"
        case .uninstalling(let label): "the removal of \(label) was begun here and is not finished"
        case .settled(let what): "\(what) can't be changed once an installation was begun"
        case .otherRole(let isWorker, _):
            isWorker ? "this host is a worker of a cluster" : "this host has a platform of its own, and is no worker"
        case .closed(let reason): "no worker can join: \(reason)"
        case .notInstalled(let state): "nothing is installed here: there is no record in \(state)"
        case .noUpgrade(let reason, _): "this is no upgrade: \(reason)"
        case .olderVersion(let installed, let wanted):
            "this is no upgrade: \(wanted) is older than \(installed), which is installed"
        case .step(let name, let reason, _, _): "step '\(name)' failed: \(reason)"
        }
    }

    /// What to do about it, where there is something to say.
    package var hint: String? {
        switch self {
        case .busy: "wait until it is done; 'sealift-installer status' shows how far it is"
        case .system(_, _, .noSpace), .system(_, _, .diskQuotaExceeded):
            "free some space; running again goes on where this stopped"
        case .system(_, _, .permissionDenied), .system(_, _, .notPermitted): "use sudo"
        case .system, .artifact: nil
        case .noUpgrade(_, let hint): hint
        case .olderVersion:
            "--allow-downgrade goes back; whether components read what newer ones wrote is theirs to say, so have a "
                + "backup of the data"
        case .journalDamaged: "move the file away; running again checks every step anew"
        case .damaged: "nothing was changed by this run; copy the bundle again from where it was built"
        case .noBase: "install the base first, or take a bundle that was built without --since; nothing was changed"
        case .wrongPlatform: "build a bundle for this platform: sealift build --platform"
        case .preflight: "each remedy is in the table above; a check is waived by --waive NAME"
        case .valuesMissing(let missing): missing.first.map { "give them with --set \($0.name)=VALUE" }
        case .otherBundle(_, _, true): "replace it with 'sealift-installer upgrade', or remove it with 'uninstall'"
        case .otherBundle(_, _, false): "finish it with its own bundle, or remove it with 'sealift-installer uninstall'"
        case .uninstalling: "finish it with 'sealift-installer uninstall'; then install"
        case .settled: "'sealift-installer uninstall' first; data stays"
        case .otherRole(_, let instead): instead
        case .closed:
            "nodes can join what was installed with --multi-node: 'sealift-installer uninstall', then 'install "
                + "--multi-node'; data stays"
        case .notInstalled: "install a bundle with 'sealift-installer install BUNDLE'"
        case .step(_, _, let hint, _): hint ?? "running the same command again goes on with this step"
        }
    }
}
