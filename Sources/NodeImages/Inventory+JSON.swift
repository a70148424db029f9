/// The inventory as programs read it: with the verdicts, so that nobody else need know how they come about.
extension Inventory: Encodable {
    private enum Key: String, CodingKey {
        case bundle, expectsUnpacked, isSound, images
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(bundle, forKey: .bundle)
        try container.encode(expectsUnpacked, forKey: .expectsUnpacked)
        try container.encode(isSound, forKey: .isSound)
        let judged = images.map { Judged(image: $0, isSound: isSound($0), faults: faults(of: $0)) }
        try container.encode(judged, forKey: .images)
    }

    /// An image's own fields, and beside them what is made of them.
    private struct Judged: Encodable {
        var image: Image
        var isSound: Bool
        var faults: [String]

        private enum Key: String, CodingKey {
            case isSound, faults
        }

        func encode(to encoder: any Encoder) throws {
            try image.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(isSound, forKey: .isSound)
            try container.encode(faults, forKey: .faults)
        }
    }
}
