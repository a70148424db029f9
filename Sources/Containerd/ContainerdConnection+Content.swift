package import OCI

/// What containerd's content store says of a blob.
package struct ContentInfo: Hashable, Sendable {
    package var digest: Digest
    package var size: Int64
    package var labels: [String: String]

    package init(digest: Digest, size: Int64, labels: [String: String] = [:]) {
        self.digest = digest
        self.size = size
        self.labels = labels
    }

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var digest = ""
        var size: Int64 = 0
        var labels: [String: String] = [:]
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: digest = try value.string()
            case 2: size = try value.integer()
            case 5:
                let (key, value) = try value.entry()
                labels[key] = value
            default: break
            }
        }
        self.init(digest: try Digest(containerd: digest), size: size, labels: labels)
    }
}

/// A write that was begun and not committed.
package struct IngestStatus: Hashable, Sendable {
    package var reference: String
    /// The bytes that are there.
    package var offset: Int64
    /// The bytes that there will be; 0 where the writer hasn't said.
    package var total: Int64

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var (reference, offset, total) = ("", Int64(0), Int64(0))
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 3: reference = try value.string()
            case 4: offset = try value.integer()
            case 5: total = try value.integer()
            default: break
            }
        }
        (self.reference, self.offset, self.total) = (reference, offset, total)
    }
}

extension ContainerdConnection {
    static let content = "containerd.services.content.v1.Content"

    /// What is known of a blob; `nil` where it isn't there.
    package func content(_ digest: Digest) throws(ContainerdError) -> ContentInfo? {
        try unlessNotFound { () throws(ContainerdError) in
            try call("\(Self.content)/Info") {
                $0.add(1, digest.description)
            } reading: { (answer) throws(MalformedMessage) in
                try ContentInfo(answer.message(1))
            }
        }
    }

    /// All blobs that match any of `filters`, in containerd's own syntax; all at all without a filter.
    package func contents(filters: [String] = []) throws(ContainerdError) -> [ContentInfo] {
        var found: [ContentInfo] = []
        try stream("\(Self.content)/List") {
            $0.add(1, filters)
        } reading: { (answer) throws(MalformedMessage) in
            found += try answer.messages(1).map(ContentInfo.init)
            return true
        }
        return found
    }

    /// The bytes of a blob. One of more than `limit` bytes is an error, of the kind `tooLarge`.
    package func read(_ digest: Digest, limit: Int) throws(ContainerdError) -> [UInt8] {
        var bytes: [UInt8] = []
        var isTooLarge = false
        try stream("\(Self.content)/Read") {
            $0.add(1, digest.description)
        } reading: { (answer) throws(MalformedMessage) in
            var offset: Int64 = 0
            var data: ArraySlice<UInt8> = []
            try answer.forEach { (number, value) throws(MalformedMessage) in
                switch number {
                case 1: offset = try value.integer()
                case 2: data = try value.message()
                default: break
                }
            }
            guard offset == Int64(bytes.count) else { throw MalformedMessage(reason: "a gap at byte \(bytes.count)") }
            isTooLarge = data.count > limit - bytes.count
            if !isTooLarge { bytes += data }
            return !isTooLarge
        }
        guard !isTooLarge else {
            throw ContainerdError(
                socket: socket, call: "\(Self.content)/Read", kind: .tooLarge,
                message: "\(digest) has more than \(limit) bytes")
        }
        return bytes
    }

    /// Sets labels of a blob that is there, and removes those whose value is `nil`; others stay.
    package func setLabels(_ labels: [String: String?], of digest: Digest) throws(ContainerdError) {
        guard !labels.isEmpty else { return }
        try call("\(Self.content)/Update") { request in
            request.add(1) { info in
                info.add(1, digest.description)
                // containerd keeps no label without a value: what the mask names and this leaves out goes away.
                info.add(5, labels.compactMapValues { $0 })
            }
            request.add(2) { mask in mask.add(1, labels.keys.sorted().map { "labels.\($0)" }) }
        }
    }

    /// Removes a blob; one that isn't there is an error, of the kind `notFound`.
    package func deleteContent(_ digest: Digest) throws(ContainerdError) {
        try call("\(Self.content)/Delete") { $0.add(1, digest.description) }
    }

    /// All writes that were begun and neither committed nor aborted.
    package func ingests() throws(ContainerdError) -> [IngestStatus] {
        try call("\(Self.content)/ListStatuses") { _ in
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map(IngestStatus.init)
        }
    }

    /// The state of one write; `nil` where none of that reference is under way.
    package func ingest(_ reference: String) throws(ContainerdError) -> IngestStatus? {
        try unlessNotFound { () throws(ContainerdError) in
            try call("\(Self.content)/Status") {
                $0.add(1, reference)
            } reading: { (answer) throws(MalformedMessage) in
                try IngestStatus(answer.message(1))
            }
        }
    }

    /// Removes what a write has left; one that isn't there is an error, of the kind `notFound`.
    package func abortIngest(_ reference: String) throws(ContainerdError) {
        try call("\(Self.content)/Abort") { $0.add(1, reference) }
    }
}
