internal import OCI
internal import SystemPackage

extension RegistryError.Answer: CustomStringConvertible {
    package var description: String {
        switch (code, message) {
        case (nil, nil): "\(status)"
        case (let code?, nil): "\(status) (\(code))"
        case (nil, let message?): "\(status) (\(message))"
        case (let code?, let message?): "\(status) (\(code): \(message))"
        }
    }
}

extension RegistryError: CustomStringConvertible {
    /// Safe to print: servers have a hand in hosts, reasons and scopes.
    package var description: String { text.printable() }

    private var text: String {
        switch self {
        case .unreachable(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): can't reach \(host): \(reason)"
        case .insecure(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): can't trust the connection to \(host): \(reason)"
        case .plainHTTPRefused(let subject, let host):
            "can't \(subject.verb) \(subject): it would need plain HTTP with \(host), which nobody asked for"
        case .timedOut(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): \(host) took too long: \(reason)"
        case .interrupted(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): \(host) ended the transfer early: \(reason)"
        case .unauthorized(let subject, let host, let answer, true):
            "can't \(subject.verb) \(subject): \(host) refused the credentials that are stored for it: \(answer)"
        case .unauthorized(let subject, let host, let answer, false):
            "can't \(subject.verb) \(subject): \(host) wants credentials and none are stored for it: \(answer)"
        case .notFound(let subject, let host, let answer):
            "can't \(subject.verb) \(subject): \(host) doesn't have it: \(answer)"
        case .rateLimited(let subject, let host, let answer, _):
            "can't \(subject.verb) \(subject): \(host) limits how often it may be asked: \(answer)"
        case .unavailable(let subject, let host, let answer, _):
            "can't \(subject.verb) \(subject): \(host) failed: \(answer)"
        case .refused(let subject, let host, let answer):
            "can't \(subject.verb) \(subject): \(host) answered \(answer)"
        case .digestMismatch(let subject, let host, let expected, let actual):
            "can't accept \(subject): what \(host) sent has the digest \(actual), not \(expected)"
        case .sizeMismatch(let subject, let host, let expected, let actual):
            "can't accept \(subject): \(host) has \(actual) bytes for it, not \(expected)"
        case .tooLarge(let subject, let host, let limit):
            "can't accept \(subject): \(host) sent more than the \(limit) bytes that are accepted"
        case .redirectRefused(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): refused a redirect from \(host): \(reason)"
        case .malformedAnswer(let subject, let host, let reason):
            "can't \(subject.verb) \(subject): \(host) sent a malformed answer: \(reason)"
        case .malformed(let subject, let host, let malformed):
            "can't accept \(subject) from \(host): \(malformed)"
        case .unsupportedMediaType(let subject, let host, let mediaType):
            "can't accept \(subject): \(host) sent the media type '\(mediaType)', which Sealift can't pack"
        case .credentials(let source, let reason):
            "can't read credentials from \(source): \(reason)"
        case .disk(let path, let errno):
            "can't write \(path): \(errno)"
        case .configuration(let reason):
            reason
        case .cancelled:
            "cancelled"
        }
    }

    /// What the user can do, where there is something; safe to print.
    package var hint: String? { remedy?.printable() }

    private var remedy: String? {
        switch self {
        case .unreachable(let subject, let host, _) where subject.isPush:
            "is \(host) up?"
        case .notFound(let subject, let host, _) where subject.isPush:
            "some registries want the project or repository made first; is the name right, and is \(host) a registry?"
        case .refused(let subject, let host, _) where subject.isPush:
            "does \(host) take pushes of this kind, is there room, and is no proxy or portal on the way?"
        case .redirectRefused(let subject, let host, _) where subject.isPush:
            "is \(host) set up to know its own address, behind a proxy that speaks TLS for it?"
        case .unreachable(let subject, let host, _):
            "is \(host) up? a copy elsewhere can be named with --mirror \(subject.registry ?? host)=URL"
        case .insecure(_, let host, _):
            "name its certificate authority with --ca \(host)=FILE, or, if it speaks no TLS, use --plain-http \(host)"
        case .plainHTTPRefused(_, let host):
            "--plain-http \(host) allows it"
        case .unauthorized(_, let host, _, let withCredentials):
            withCredentials
                ? "'docker login \(host)' stores new ones; some registries answer like this for names that don't exist"
                : "'docker login \(host)' stores them; some registries answer like this for names that don't exist"
        case .notFound(.manifest(let reference), let host, _):
            "is '\(reference)' spelled right, and is it in \(host)?"
        case .rateLimited(let subject, let host, _, _):
            "'docker login \(host)' raises the limit of most registries, --mirror \(subject.registry ?? host)=URL avoids it"
        case .unsupportedMediaType(_, _, MediaTypes.schema1):
            "push the image again with a current tool: the old format is not reproducible"
        case .tooLarge(.manifest, _, _):
            "that is no ordinary image manifest"
        case .redirectRefused(_, let host, _), .malformedAnswer(_, let host, _), .refused(_, let host, _):
            "is \(host) a registry, and is no proxy or portal on the way? a copy elsewhere can be named with --mirror"
        case .malformed, .unsupportedMediaType, .tooLarge, .sizeMismatch:
            "what is there is not what it must be; publish it again, or take an image from elsewhere with --mirror"
        case .notFound(.blob, let host, _):
            "\(host) has only part of the image; push it again, or take it from elsewhere with --mirror"
        case .notFound(.token, let host, _):
            "the registry names \(host) for its tokens: is no proxy or portal on the way? a copy elsewhere can be named "
                + "with --mirror"
        case .notFound(.file, let host, _):
            "is the address still right, and the file still at \(host)? one that is at hand is given with --file"
        case .disk(_, let errno) where errno == .noSpace || errno == .diskQuotaExceeded:
            "free some space and run the same command again: it goes on where it stopped"
        case .interrupted, .timedOut, .unavailable:
            "run the same command again: it goes on where it stopped"
        case .digestMismatch:
            "the registry's storage, a proxy or a mirror on the way changes content; try without it"
        default: nil
        }
    }
}
