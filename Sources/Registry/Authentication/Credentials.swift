internal import FoundationEssentials

/// What a registry is told about who is asking. Prints as nothing but its kind.
package enum Credentials: Hashable, Sendable {
    case basic(user: String, password: String)
    /// A refresh token, to be exchanged for access tokens.
    case identityToken(String)
    /// An access token that is sent as it is.
    case registryToken(String)
}

extension Credentials {
    /// What nobody may see, in the forms in which it is sent.
    var secrets: [String] {
        switch self {
        case .basic(let user, let password):
            [
                password, Data(password.utf8).base64EncodedString(),
                Data("\(user):\(password)".utf8).base64EncodedString(),
            ]
        case .identityToken(let token), .registryToken(let token): [token]
        }
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .basic: "user name and password (not shown)"
        case .identityToken: "identity token (not shown)"
        case .registryToken: "registry token (not shown)"
        }
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(reflecting: description) }
}
