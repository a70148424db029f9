package import FoundationEssentials
package import OCI

/// What a client gets.
package struct RegistryAnswer: Sendable {
    package enum Body: Sendable {
        case none
        case bytes(Data)
        /// A stretch of the archive's content; with a digest, where it is a whole blob that must have it.
        case content(Range<Int64>, Digest?)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body
    /// What the body has, or, in the answer to a HEAD, would have.
    package var length: Int64

    init(_ status: Int, _ headers: [(name: String, value: String)] = [], body: Body = .none, length: Int64 = 0) {
        self.status = status
        self.headers = headers
        self.body = body
        self.length = length
    }

    init(json: some Encodable, headers: [(name: String, value: String)] = [], type: String = "application/json") {
        // Strings and numbers alone: that always encodes.
        let bytes = (try? encodeJSON(json)) ?? Data("{}".utf8)
        self.init(200, [("Content-Type", type)] + headers, body: .bytes(bytes), length: Int64(bytes.count))
    }

    /// An error as distribution-spec 1.1, "Error Codes", has it.
    init(_ status: Int, _ code: ErrorCode, _ message: String, headers: [(name: String, value: String)] = []) {
        self.init(
            json: Errors(errors: [.init(code: code.rawValue, message: message.printable(limit: 300))]), headers: headers
        )
        self.status = status
    }

    /// The codes that a registry which only reads has use for.
    enum ErrorCode: String {
        case blobUnknown = "BLOB_UNKNOWN"
        case digestInvalid = "DIGEST_INVALID"
        case manifestUnknown = "MANIFEST_UNKNOWN"
        case nameInvalid = "NAME_INVALID"
        case nameUnknown = "NAME_UNKNOWN"
        case rangeInvalid = "RANGE_INVALID"
        case unsupported = "UNSUPPORTED"
        case paginationInvalid = "PAGINATION_NUMBER_INVALID"
    }

    private struct Errors: Encodable {
        struct Entry: Encodable {
            var code: String
            var message: String
        }
        var errors: [Entry]
    }
}
