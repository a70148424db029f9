package import OCI
package import SystemPackage

/// What a build or a lock is doing; sent from any thread, as it happens.
package enum BuildEvent: Sendable {
    case resolving(ImageReference)
    case resolved(ImageReference, Digest)
    case planned(BuildPlan)
    case fetching(Descriptor, of: String)
    /// Bytes that came since the last event of this blob; negative where a transfer starts anew.
    case received(Descriptor, Int64)
    case fetched(Descriptor)
    /// Bytes of layers that were read to be encoded anew since the last event.
    case encoding(Int64)
    /// Layers were encoded anew: how many, their bytes before and after, and what is packed now.
    case encoded(count: Int, from: Int64, to: Int64, BuildPlan)
    /// Bytes of payload that went into the archive since the last event.
    case packed(Int64)
    /// Something that the user should know but that stops nothing.
    case warning(String)
    case finished(path: FilePath, digest: Digest, size: Int64)
}

/// Takes the events of a build; must be quick, for transfers wait for it.
package typealias BuildObserver = @Sendable (BuildEvent) -> Void
