/// Why a layer was not unpacked here: containerd is to do it, or to say what is wrong with it.
///
/// Not an error for people: whoever gets it leaves the layer to containerd, whose word on it counts.
package struct UnpackDoubt: Error, Hashable, Sendable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }
}
