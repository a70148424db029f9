internal import BundleFormat
internal import Glibc
internal import OCI
internal import SystemPackage
internal import Threads

/// The step that puts the bundle's extra files where manifests mount them from, and what takes them away.
struct FileSteps: Sendable {
    let context: InstallContext

    private var wanted: [BundleDescription.File] { context.bundle.description.files }

    /// Puts the files in place.
    var files: Step {
        Step("files", title: "put \(wanted.count) files in place", inputs: [context.bundleDigest]) {
            try await onThread("files") {
                try wanted.allSatisfy { file in
                    try StateFile.digest(of: place(of: file.name)) == context.files.descriptor(file.name).digest
                }
            }
        } perform: {
            try await onThread("files") { try put() }
        }
    }

    private func put() throws {
        try note(old + wanted.map(\.name))
        // A folder of before may be a file now, or the other way round.
        try remove(old.filter { name in wanted.contains { Self.excludes($0.name, name) } })
        for file in wanted {
            let place = place(of: file.name)
            try StateFile.makeFolder(place.removingLastComponent())
            let mode = (UInt32(file.mode, radix: 8) ?? 0o644) & 0o777
            try context.files.extract(file.name, to: place, mode: FilePermissions(rawValue: mode))
        }
    }

    /// Takes away what the bundle of before had and this one has not; what pods put beside them stays.
    func retire() throws {
        try remove(old)
        try note(wanted.map(\.name))
    }

    /// What earlier bundles put in place and this one has not.
    private var old: [String] {
        (context.record.current.files ?? []).filter { name in !wanted.contains { $0.name == name } }
    }

    private func note(_ names: [String]) throws {
        try context.record.update { $0.files = names.isEmpty ? nil : names.sorted() }
    }

    private func remove(_ names: [String]) throws {
        for name in names {
            var place = place(of: name)
            // A folder now: the file went when what is in the folder came.
            if isFolder(place) { continue }
            try StateFile.remove(place)
            // Empty folders go with their last file.
            while place.removeLastComponent(), place != context.paths.state, rmdir(place.string) == 0 {}
        }
    }

    private func isFolder(_ place: FilePath) -> Bool {
        var status = stat()
        return lstat(place.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Whether one of both names would be a folder of the other.
    private static func excludes(_ name: String, _ other: String) -> Bool {
        FilePath(name).starts(with: FilePath(other)) || FilePath(other).starts(with: FilePath(name))
    }

    /// Names begin with `files/`.
    private func place(of name: String) -> FilePath { context.paths.state.pushing(FilePath(name)) }
}
