internal import OCI
internal import TestSupport

extension Fault {
    private static func json(_ text: @escaping @Sendable () -> String, _ description: String) -> Fault {
        Fault(description, at: Step.documents) {
            $0.connection.answer(
                200, ["Content-Type": $0.honest.headers["Content-Type"] ?? "application/json"], body: Array(text().utf8)
            )
        }
    }

    /// Documents that would take a reader for hours, or in.
    static let documents = [
        json({ String(repeating: "[", count: 1 << 20) }, "a megabyte of opening brackets"),
        json({ String(repeating: "{\"a\":", count: 200_000) }, "objects in each other"),
        json({ "[" + String(repeating: "0,", count: 400_000) + "0]" }, "400,000 numbers"),
        json({ "[" + String(repeating: "0,", count: 6_000_000) + "0]" }, "twelve megabytes of numbers"),
        json({ "{\"token\":\"" + String(repeating: "t", count: 3 << 20) + "\"}" }, "a string of three megabytes"),
        json({ "{\"mediaType\":\"\\u001b[2J\\u202e\",\"schemaVersion\":2}" }, "escape sequences in a media type"),
        json({ "{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}" }, "an image of schema 1"),
        json({ "{\"schemaVersion\":2,\"schemaVersion\":2}" }, "a key twice"),
        json({ "\u{FEFF}{}" }, "a byte order mark"),
        json({ "null" }, "null"),
        json({ "1e999999999" }, "a number without measure"),
        json({ "{\"token\":12,\"config\":\"\\ud800\"}" }, "half a surrogate"),
        Fault("text that is no UTF-8", at: Step.documents) {
            $0.connection.answer(200, $0.honest.headers, body: Array("{\"a\":\"".utf8) + [0xFF, 0xC0, 0x80])
        },
        Fault("a page of a portal", at: Step.documents) {
            $0.connection.answer(200, ["Content-Type": "text/html"], body: Array("<html>log in</html>".utf8))
        },
        Fault("the honest document as something else", at: [.root]) { $0.honestly(["Content-Type": "text/html"]) },
        Fault("escape sequences as the type", at: [.root]) {
            $0.honestly(["Content-Type": "application/\u{1B}[2J\u{202E}\u{9B}x"])
        },
        Fault("another digest than the document's", at: [.root]) {
            $0.honestly(["Docker-Content-Digest": "sha256:\(String(repeating: "0", count: 64))"])
        },
        Fault("a digest that is none", at: [.root]) {
            $0.honestly(["Docker-Content-Digest": "sha256:../../\u{1B}[2J"])
        },
    ]

    /// What only a token server can do wrong.
    static let tokens = [
        ("a token of a megabyte", #"{"token":"\#(String(repeating: "t", count: 1 << 20))"}"#, Outcome.fatal),
        ("a token of 200 KB", #"{"token":"\#(String(repeating: "t", count: 200 << 10))"}"#, .fatal),
        ("a token with a line end", #"{"token":"a\r\nX-Evil: 1"}"#, .fatal),
        ("a token that is none", #"{"token":""}"#, .fatal),
        ("a token that is wrong", #"{"token":"wrong"}"#, .fatal),
        ("a token for ever", #"{"token":"\#(HostileRegistry.token)","expires_in":1e300}"#, .harmless),
        ("a token from the past", #"{"access_token":"\#(HostileRegistry.token)","expires_in":-1e300}"#, .harmless),
    ].map { description, body, outcome in
        Fault(description, outcome, at: [.token]) {
            $0.connection.answer(200, ["Content-Type": "application/json"], body: Array(body.utf8))
        }
    }

    /// Refusals, and what is written in them.
    static let refusals =
        [400, 403, 404, 405, 410, 451].map { status in
            Fault("\(status)") { $0.connection.answer(status) }
        }
        + [
            Fault("404 with escape sequences for a message") {
                let message = #"{"errors":[{"code":"\u001b]0;x\u0007","message":"\u001b[2J\u202e\n\u0085gone\u009b"}]}"#
                $0.connection.answer(404, body: Array(message.utf8))
            },
            Fault("403 with brackets without end") {
                $0.connection.head(403)
                $0.forever(String(repeating: "[", count: 4096))
            },
            Fault("429 for some years") { $0.connection.answer(429, ["Retry-After": "4000000000"]) },
            Fault("503 until a far day") {
                $0.connection.answer(503, ["Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"])
            },
            Fault("503 for longer than a number holds") {
                $0.connection.answer(503, ["Retry-After": String(repeating: "9", count: 5000)])
            },
            Fault("500 for a negative time") { $0.connection.answer(500, ["Retry-After": "-5"]) },
        ]
        + [
            "Bearer", "Bearer realm=", "Basic realm=\"x\"", "Negotiate", "Bearer realm=\"file:///etc/passwd\"",
            "Bearer realm=\"http://elsewhere.invalid/token\"", "\u{1B}[2J", "Bearer realm=\"\u{1B}[2J\u{202E}\"",
            "Bearer realm=\"https://alice:\(HostileRegistry.canary)@127.0.0.1:1/\"",
            "Bearer realm=\"https://127.0.0.1:1/?a=\(HostileRegistry.canary)\",scope=\"repository:\u{1B}[2J:pull\"",
            "Bearer " + String(repeating: "a=\"b\",", count: 30_000), String(repeating: "\"\\", count: 3000),
        ].map { challenge in
            Fault("401 with '\(challenge.prefix(60).printable())'") {
                $0.connection.answer(401, ["WWW-Authenticate": challenge])
            }
        }
}
