internal import OCI
internal import TestSupport

extension Fault {
    /// Answers that lead away.
    static let redirects =
        [
            "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "scp://127.0.0.1/etc/passwd",
            "unix:///run/docker.sock", "dict://127.0.0.1/x", "data:text/plain,x", "javascript:alert(1)",
            "smb://127.0.0.1/x", "//", "http://", "http://[::1", "http://127.0.0.1:99999/", "\u{1B}[2J", "",
            "http://127.0.0.1.invalid/\u{202E}x", "https://127.0.0.1:1/", "/" + String(repeating: "x", count: 100_000),
            "http://alice:\(HostileRegistry.canary)@127.0.0.1:1/", "http://127.0.0.1:1/?sig=\(HostileRegistry.canary)",
            "alice:\(HostileRegistry.canary)@127.0.0.1", "https://alice:\(HostileRegistry.canary)/x@127.0.0.1:1/",
        ].map { location in
            Fault("a redirect to '\(location.prefix(60).printable())'") {
                $0.connection.answer(307, ["Location": location])
            }
        } + [
            Fault("a redirect to itself") { $0.connection.answer(302, ["Location": $0.request.path]) },
            Fault("a redirect to ever longer paths") {
                $0.connection.answer(301, ["Location": $0.request.path + "/x"])
            },
            Fault("a redirect to nowhere") { $0.connection.answer(308) },
            Fault("a choice", at: Step.digested) { $0.connection.answer(300, ["Location": "/x"], body: $0.body) },
            Fault("nothing new") { $0.connection.head(304) },
            Fault("a redirect with an endless body", .either) { exchange in
                exchange.raw("HTTP/1.1 307 There\r\nLocation: \(exchange.elsewhere)\(exchange.request.path)\r\n\r\n")
                exchange.forever([UInt8](repeating: 0x41, count: 1 << 16))
            },
            // The token server is the one who may see a password; for it alone there is no elsewhere.
            Fault("a redirect to another host, which has it", .harmless, at: [.config, .layer, .file, .child]) {
                $0.connection.answer(307, ["Location": "\($0.elsewhere)\($0.request.path)"])
            },
            Fault("a redirect of the token to another host", at: [.token]) {
                $0.connection.answer(307, ["Location": "\($0.elsewhere)/files/x"])
            },
        ]

    /// Wrong parts.
    static let ranges = [
        Fault("a part that nobody asked for", at: Step.digested.union([.file])) {
            $0.connection.answer(
                206, ["Content-Range": "bytes 0-\($0.body.count - 1)/\($0.body.count)"], body: $0.body)
        },
        Fault("another part than was asked for", at: Step.digested.union([.file])) {
            $0.connection.answer(
                206, ["Content-Range": "bytes 7-\($0.body.count - 1)/\($0.body.count)"],
                body: Array($0.body.dropFirst(7))
            )
        },
        Fault("a refusal of ranges") { $0.connection.answer(416, ["Content-Range": "bytes */0"]) },
        Fault("half of it, and then the whole in place of the rest", .either, at: [.layer, .file]) {
            guard $0.request.rangeStart == nil else {
                return $0.connection.answer(200, $0.honest.headers, body: $0.body)
            }
            $0.headWithLength()
            $0.send($0.body.prefix($0.body.count / 2))
        },
        Fault("half of it, and then the wrong rest", at: [.layer]) {
            guard let start = $0.request.rangeStart else {
                $0.headWithLength()
                $0.send($0.body.prefix($0.body.count / 2))
                return
            }
            $0.connection.answer(
                206, ["Content-Range": "bytes \(start)-\($0.body.count - 1)/\($0.body.count)"],
                body: seededBytes($0.body.count - start, seed: 9))
        },
        Fault("half of it, and then no ranges any more", at: [.layer]) {
            guard $0.request.rangeStart == nil else { return $0.connection.answer(416) }
            $0.headWithLength()
            $0.send($0.body.prefix($0.body.count / 2))
        },
    ]
}
