/// Something that a rule has to say about an object.
struct Finding: Hashable, CustomStringConvertible {
    /// `Kind/name`, perhaps with the field or the container.
    let place: String
    let message: String

    init(_ place: String, _ message: String) {
        self.place = place
        self.message = message
    }

    init(_ object: RenderedPlatform.Object, _ message: String) { self.init(object.title, message) }

    init(_ container: PodContainer, _ message: String) {
        self.init("\(container.pod.object.title) \(container.name)", message)
    }

    var description: String { "\(place): \(message)" }
}
