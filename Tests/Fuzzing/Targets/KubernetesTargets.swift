@testable import Cluster

extension FuzzTarget {
    /// What kubectl and k0s print.
    static let kubernetes = FuzzTarget("kubernetes") { input in
        _ = KubectlComplaint.isTransient(text(input))
        _ = ClusterSnapshot.redact(text(input))
        guard let documents = JSON.documents(input) else { return }
        let objects = documents + documents.flatMap { $0["items"].elements }
        let surroundings = Surroundings(
            pods: objects, events: objects, claims: objects, storageClasses: objects)
        for object in objects {
            _ = K0sStatus(object)
            _ = ObjectState(of: object)
            _ = ClusterSnapshot.isOfInterest(object)
            _ = JobCheck.layer(of: object)
            _ = surroundings.isUnusedAndLate(object)
            let blockers = surroundings.blockers(of: object, state: "it waits")
            try hold(blockers.isEmpty == (ObjectReference(object) == nil), "what waits has a reason")
        }
        let references = objects.compactMap(ObjectReference.init)
        let listed = JSON.documents(references.manifest)
        try hold(listed?.count == 1, "a list of objects is JSON")
        try hold(listed?.first?["items"].elements.count == references.count, "a list names every object")
    }
}
