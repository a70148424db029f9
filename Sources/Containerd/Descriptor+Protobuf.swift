internal import OCI

extension Descriptor {
    /// Reads `containerd.types.Descriptor`.
    init(_ message: ProtobufMessage) throws(MalformedMessage) {
        var mediaType = ""
        var digest = ""
        var size: Int64 = 0
        var annotations: [String: String] = [:]
        try message.forEach { (number, value) throws(MalformedMessage) in
            switch number {
            case 1: mediaType = try value.string()
            case 2: digest = try value.string()
            case 3: size = try value.integer()
            case 5:
                let (key, value) = try value.entry()
                annotations[key] = value
            default: break
            }
        }
        guard size >= 0 else { throw MalformedMessage(reason: "a descriptor has the size \(size)") }
        self.init(
            mediaType: MediaType(rawValue: mediaType), digest: try Digest(containerd: digest), size: size,
            annotations: annotations.isEmpty ? nil : annotations)
    }

    func write(to message: inout ProtobufWriter) {
        message.add(1, mediaType.rawValue)
        message.add(2, digest.description)
        message.add(3, size)
        message.add(5, annotations ?? [:])
    }
}

extension Digest {
    /// A digest in one of containerd's answers.
    init(containerd text: String) throws(MalformedMessage) {
        do throws(Malformed) { self = try Digest(parsing: text) } catch {
            throw MalformedMessage(reason: error.description)
        }
    }
}
