internal import BundleFormat
internal import CommandSupport
internal import SystemPackage

extension KeyArguments {
    /// The public keys that this host trusts: `*.pem` and `*.pub`.
    static let trustedFolder: FilePath = "/etc/sealift/trusted.d"

    /// Opens a bundle that a key given here, or one that the host trusts, signed; where there are none, any bundle.
    func openBundle(_ path: String) throws -> BundleReader { try open(path, trusting: Self.trustedFolder) }
}
