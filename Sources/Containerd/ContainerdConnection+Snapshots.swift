internal import Glibc
package import OCI

/// A file system tree that a snapshotter keeps.
package struct SnapshotInfo: Hashable, Sendable {
    package enum Kind: Int64, Sendable {
        case unknown, view, active, committed
    }

    package var name: String
    /// Empty where it has none.
    package var parent: String
    package var kind: Kind
    package var labels: [String: String]

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var (name, parent, kind) = ("", "", Int64(0))
        var labels: [String: String] = [:]
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: name = try value.string()
            case 2: parent = try value.string()
            case 3: kind = try value.integer()
            case 6:
                let (key, value) = try value.entry()
                labels[key] = value
            default: break
            }
        }
        (self.name, self.parent, self.labels) = (name, parent, labels)
        self.kind = Kind(rawValue: kind) ?? .unknown
    }
}

/// How to mount a snapshot, for containerd to hand back to itself.
package struct Mount: Hashable, Sendable {
    package var type: String
    package var source: String
    package var target: String
    package var options: [String]

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var (type, source, target) = ("", "", "")
        var options: [String] = []
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: type = try value.string()
            case 2: source = try value.string()
            case 3: target = try value.string()
            case 4: options.append(try value.string())
            default: break
            }
        }
        (self.type, self.source, self.target, self.options) = (type, source, target, options)
    }

    fileprivate func write(to message: inout ProtobufWriter) {
        message.add(1, type)
        message.add(2, source)
        message.add(3, target)
        message.add(4, options)
    }
}

extension ContainerdConnection {
    private static let snapshots = "containerd.services.snapshots.v1.Snapshots"

    /// The snapshot `key`, be it active or committed; `nil` where there is none.
    package func snapshot(_ key: String, snapshotter: String) throws(ContainerdError) -> SnapshotInfo? {
        try unlessNotFound { () throws(ContainerdError) in
            try call("\(Self.snapshots)/Stat") {
                $0.add(1, snapshotter)
                $0.add(2, key)
            } reading: { (answer) throws(MalformedMessage) in
                try SnapshotInfo(answer.message(1))
            }
        }
    }

    /// All snapshots of a snapshotter.
    package func snapshots(snapshotter: String) throws(ContainerdError) -> [SnapshotInfo] {
        var found: [SnapshotInfo] = []
        try stream("\(Self.snapshots)/List") {
            $0.add(1, snapshotter)
        } reading: { (answer) throws(MalformedMessage) in
            found += try answer.messages(1).map(SnapshotInfo.init)
            return true
        }
        return found
    }

    /// Makes an active snapshot `key` on top of `parent` (`nil`: on nothing), and tells how to mount it. One that is
    /// there already is an error, of the kind `alreadyExists`.
    ///
    /// A containerd that was killed between making a snapshot's folder and noting it finds that folder in the way of the
    /// next snapshot, since it gives it the same number. It removes the folder as it fails, so asking again helps.
    package func prepare(
        key: String, parent: String?, snapshotter: String, labels: [String: String] = [:]
    ) throws(ContainerdError) -> [Mount] {
        var tries = 0
        while true {
            do throws(ContainerdError) {
                return try prepareOnce(key: key, parent: parent, snapshotter: snapshotter, labels: labels)
            } catch {
                tries += 1
                guard error.isFolderInTheWay, tries < 10 else { throw error }
                // It removes the folder after it has answered, and other connections may run into it meanwhile.
                usleep(useconds_t(tries) * 5_000)
            }
        }
    }

    private func prepareOnce(
        key: String, parent: String?, snapshotter: String, labels: [String: String]
    ) throws(ContainerdError) -> [Mount] {
        try call("\(Self.snapshots)/Prepare") {
            $0.add(1, snapshotter)
            $0.add(2, key)
            $0.add(3, parent ?? "")
            $0.add(4, labels)
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map(Mount.init)
        }
    }

    /// How to mount the active snapshot `key`.
    package func mounts(key: String, snapshotter: String) throws(ContainerdError) -> [Mount] {
        try call("\(Self.snapshots)/Mounts") {
            $0.add(1, snapshotter)
            $0.add(2, key)
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map(Mount.init)
        }
    }

    /// Turns the active snapshot `key` into the committed `name`. One of that name that is there already is an error,
    /// of the kind `alreadyExists`.
    package func commitSnapshot(
        name: String, key: String, snapshotter: String, labels: [String: String] = [:]
    ) throws(ContainerdError) {
        try call("\(Self.snapshots)/Commit", timeout: Self.longTimeout) {
            $0.add(1, snapshotter)
            $0.add(2, name)
            $0.add(3, key)
            $0.add(4, labels)
        }
    }

    /// Removes a snapshot; one that isn't there is an error, of the kind `notFound`.
    package func removeSnapshot(_ key: String, snapshotter: String) throws(ContainerdError) {
        try call("\(Self.snapshots)/Remove") {
            $0.add(1, snapshotter)
            $0.add(2, key)
        }
    }

    /// Unpacks a layer of the content store into a mounted snapshot. What it returns has the digest and the size of
    /// the unpacked tar, to be compared with the image's diff id.
    package func apply(_ layer: Descriptor, to mounts: [Mount]) throws(ContainerdError) -> Descriptor {
        try call("containerd.services.diff.v1.Diff/Apply", timeout: Self.longTimeout) { request in
            request.add(1) { layer.write(to: &$0) }
            for mount in mounts { request.add(2) { mount.write(to: &$0) } }
        } reading: { (answer) throws(MalformedMessage) in
            try Descriptor(answer.message(1))
        }
    }
}

extension ContainerdError {
    /// Whether a snapshot couldn't be made because its folder is there; gRPC calls that unknown.
    fileprivate var isFolderInTheWay: Bool {
        kind == .other(code: 2) && (message.contains("file exists") || message.contains("directory not empty"))
    }
}
