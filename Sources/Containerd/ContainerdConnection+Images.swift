package import OCI

/// A name in containerd for the content of an image.
package struct ImageRecord: Hashable, Sendable {
    package var name: String
    package var labels: [String: String]
    package var target: Descriptor

    package init(name: String, labels: [String: String] = [:], target: Descriptor) {
        self.name = name
        self.labels = labels
        self.target = target
    }

    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var name = ""
        var labels: [String: String] = [:]
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: name = try value.string()
            case 2:
                let (key, value) = try value.entry()
                labels[key] = value
            default: break
            }
        }
        self.init(name: name, labels: labels, target: try Descriptor(message.message(3)))
    }

    fileprivate func write(to message: inout ProtobufWriter) {
        message.add(1, name)
        message.add(2, labels)
        message.add(3) { target.write(to: &$0) }
    }
}

extension ContainerdConnection {
    private static let images = "containerd.services.images.v1.Images"

    /// The image of that name; `nil` where there is none.
    package func image(_ name: String) throws(ContainerdError) -> ImageRecord? {
        try unlessNotFound { () throws(ContainerdError) in
            try call("\(Self.images)/Get") {
                $0.add(1, name)
            } reading: { (answer) throws(MalformedMessage) in
                try ImageRecord(answer.message(1))
            }
        }
    }

    /// All images that match any of `filters`, in containerd's own syntax; all at all without a filter.
    package func images(filters: [String] = []) throws(ContainerdError) -> [ImageRecord] {
        try call("\(Self.images)/List") {
            $0.add(1, filters)
        } reading: { (answer) throws(MalformedMessage) in
            try answer.messages(1).map(ImageRecord.init)
        }
    }

    /// Makes an image; one that is there gets the target and the labels, and keeps the labels that others gave it.
    package func put(_ image: ImageRecord) throws(ContainerdError) {
        do throws(ContainerdError) {
            try call("\(Self.images)/Create") { request in request.add(1) { image.write(to: &$0) } }
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            try call("\(Self.images)/Update") { request in
                request.add(1) { image.write(to: &$0) }
                let labels = image.labels.keys.sorted().map { "labels.\($0)" }
                request.add(2) { mask in mask.add(1, ["target"] + labels) }
            }
        }
    }

    /// Removes the name of an image; with `synchronously`, also waits until content that nothing holds any more is
    /// collected. One that isn't there is an error, of the kind `notFound`.
    package func deleteImage(_ name: String, synchronously: Bool) throws(ContainerdError) {
        try call("\(Self.images)/Delete", timeout: synchronously ? Self.longTimeout : nil) {
            $0.add(1, name)
            $0.add(2, synchronously)
        }
    }
}
