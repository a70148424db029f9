internal import HTTP2
internal import SystemPackage

/// How a call ended: gRPC over HTTP/2, "Responses", and grpc/doc/statuscodes.md.
struct GRPCStatus: Hashable {
    var code: Int
    var message: String

    /// Reads the status from the fields after a response, or from a response that has nothing else.
    ///
    /// `nil` where there is none, which a gRPC server never sends.
    init?(_ fields: [HTTP2Header]) {
        guard let text = fields.last(where: { $0.name == "grpc-status" })?.value, let code = Int(text) else {
            return nil
        }
        self.code = code
        message = Self.decodePercent(fields.last { $0.name == "grpc-message" }?.value ?? "")
    }

    var kind: ContainerdError.Kind {
        switch code {
        case 1: .cancelled
        case 3: .invalidArgument
        case 4: .deadlineExceeded
        case 5: .notFound
        case 6: .alreadyExists
        case 7, 16: .permissionDenied
        case 9: .failedPrecondition
        case 12: .unimplemented
        case 14: .unavailable
        default: .other(code: code)
        }
    }

    /// "Percent-Encoded" of the protocol; what isn't well formed stays as it is.
    static func decodePercent(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let high = hex(rest[rest.startIndex]),
                let low = hex(rest[rest.startIndex + 1])
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension ContainerdError.Kind {
    /// What an exchange without a gRPC answer comes down to.
    init(_ error: HTTP2Error) {
        switch error {
        case .unreachable(_, let errno): self = errno == .permissionDenied ? .permissionDenied : .unavailable
        case .pathTooLong: self = .invalidArgument
        case .connectionLost, .goingAway, .system: self = .unavailable
        case .protocolViolation: self = .notContainerd
        case .deadlineExceeded: self = .deadlineExceeded
        case .cancelled: self = .cancelled
        // REFUSED_STREAM: the server closes the connection and hasn't looked at the request.
        case .reset(let code): self = code == 7 ? .unavailable : .other(code: 13)
        case .library: self = .other(code: 13)
        }
    }

    /// A response that isn't gRPC's own: grpc/doc/http-grpc-status-mapping.md.
    init(httpStatus: String) {
        switch httpStatus {
        case "401", "403": self = .permissionDenied
        case "429", "502", "503", "504": self = .unavailable
        default: self = .notContainerd
        }
    }
}
