internal import Containerd
internal import OCI

extension NodeState {
    /// Asks containerd for everything, in three calls.
    init(_ connection: ContainerdConnection, snapshotter: String) throws(ContainerdError) {
        self.init()
        for content in try connection.contents() {
            contents[content.digest] = Content(size: content.size, labels: content.labels)
        }
        for image in try connection.images() { images[image.name] = Image(target: image.target, labels: image.labels) }
        for snapshot in try connection.snapshots(snapshotter: snapshotter) where snapshot.kind == .committed {
            snapshots.insert(snapshot.name)
        }
    }
}
