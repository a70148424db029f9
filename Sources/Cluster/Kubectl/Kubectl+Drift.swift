extension Kubectl {
    /// The objects of `manifests` that applying them would change, or make anew: somebody changed or deleted them.
    ///
    /// The API server compares, so its defaults and what others add beside our fields are no change. Nothing is kept.
    package func drift(from manifests: [UInt8]) async throws(ClusterError) -> [ObjectReference] {
        let wanted = try await objects("compare manifests", Self.applyArguments(.server), input: manifests)
        let present = try await get(wanted.compactMap(ObjectReference.init))
        return wanted.compactMap { object in
            guard let reference = ObjectReference(object) else { return nil }
            let found = present.first { ObjectReference($0)?.isSame(as: reference) == true }
            return found?.withoutNotes == object.withoutNotes ? nil : reference
        }
    }
}

extension JSON {
    /// An object without what the API notes of it, and without its state.
    fileprivate var withoutNotes: JSON {
        var object = members
        var metadata = self["metadata"].members
        for key in ["managedFields", "resourceVersion", "generation"] { metadata[key] = nil }
        object["metadata"] = .object(metadata)
        object["status"] = nil
        return .object(object)
    }
}
