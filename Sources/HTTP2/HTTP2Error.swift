package import SystemPackage

/// Why an exchange over HTTP/2 has no answer, or not all of it.
package enum HTTP2Error: Error, Hashable, Sendable {
    /// There is no socket at `path`, or nobody listens on it, or we may not use it.
    case unreachable(path: FilePath, errno: Errno)
    /// The path of a unix socket holds at most 107 bytes.
    case pathTooLong(path: FilePath)
    /// A system call on an open connection failed.
    case system(action: String, errno: Errno)
    /// The other side closed the connection.
    case connectionLost
    /// The other side broke the protocol, or never spoke it; `reason` is the library's.
    case protocolViolation(reason: String)
    /// The other side is about to close the connection and takes no new streams.
    case goingAway(code: UInt32, reason: String)
    /// The other side ended this one stream; `code` is that of RFC 9113, section 7.
    case reset(code: UInt32)
    case deadlineExceeded
    case cancelled
    /// libnghttp2 itself failed.
    case library(reason: String)
}

extension HTTP2Error: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unreachable(let path, let errno): "can't connect to \(path): \(errno)"
        case .pathTooLong(let path): "can't connect to \(path): the path of a unix socket has at most 107 bytes"
        case .system(let action, let errno): "can't \(action): \(errno)"
        case .connectionLost: "the other side closed the connection"
        case .protocolViolation(let reason): "the other side doesn't speak HTTP/2: \(reason)"
        case .goingAway(let code, let reason):
            "the other side is closing the connection (\(Self.name(of: code)))" + (reason.isEmpty ? "" : ": \(reason)")
        case .reset(let code): "the other side ended the stream (\(Self.name(of: code)))"
        case .deadlineExceeded: "no answer in time"
        case .cancelled: "cancelled"
        case .library(let reason): "the HTTP/2 library failed: \(reason)"
        }
    }

    /// RFC 9113, section 7.
    private static func name(of code: UInt32) -> String {
        let names = [
            "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
            "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
        ]
        return Int(code) < names.count ? names[Int(code)] : "error \(code)"
    }
}
