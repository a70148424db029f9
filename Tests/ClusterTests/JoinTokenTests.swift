import Testing

@testable import Cluster

@Suite struct JoinTokenTests {
    /// Packed by Python's gzip, as the stand-in for k0s makes them; the secret in all is `abc123.0123456789abcdef`.
    private static let ofWorker =
        "H4sIAMIOAmsC/21QQW6DMBC8+xX+AMQQmjaWekkKldKoEiHm0JuBJbGgGNlL1Krq3+s49FCpPqx2x6OZ2ZWjKsFYpQdOLxGp"
        + "+8mimzkJ6NxzQt2rwaBqVS0RAjnhWRuFn0EjUXK6Lxjui2h7EM3uqDZPh3InCvG2y1kmDv6P4bbLNrlIX2ZuduzyU87Kokz7"
        + "50K8bspUeN4+14/e0IK5OHN6RhwtXyyidRyyMA4jxldJsnScQb4Dpx2zpNYDwgfeUt/6OfW8gmddgcn6aaqgBwwqrdGikeNf"
        + "tckYGDD4VfJgp4aG060eWnUio4EWHKcGy+nXN7mqevNZ5B95b+wjoO7AHVtWdRQvQ+ZKcre6f1g7oIGW/AAXpTOykQEAAA=="
    private static let ofIPv6 =
        "H4sIAMIOAmsC/21QQU7DMBC8+xX+QKjTlrZY4pLSIoUIKUmdA4iDk2xaKyGO7E0FQvwd1w0HJHxY7Y5HM7MrB1WAsUr3nJ5D"
        + "UnWjRTdzEtCp54S6V4FB1ahKIgRyxJM2Cj+DWqLkNMkZJnm4zUQdH1T0kBWxyMVLnLK9yPwfw227j1Kxe5q4+0ObHlNW5MWu"
        + "e8zFc1TshOclqb73hhbM2ZnTE+Jg+Wz2Omcs5HW54Xz9xlfL5cLRevkOnLbMkkr3CB94DX7tp+DTFp51AUbrp7GEDjAotUaL"
        + "Rg5/1UZjoMfgV8mDreprTre6b9SRDAYacJwKLKdf3+Si6s0nkX/kvbGPgLoFd29ZVuF8ccNcWd6u1ps7B9TQkB9kxE8llAEA"
        + "AA=="
    private static let ofName =
        "H4sIAMIOAmsC/22QzW6DMBCE734KvwAB+l9LvUChEkWVgJhDbwaWxIJgZC9RqqrvXschh0r1wdodf5oZWcyyBm2kmhg9hqQd"
        + "F4N2Z8Sj68wItacFjbKXrUDwxIJ7pSV+eZ1AwWheBZhXYVzyLtvK6LWsM17xz6wIUl66twDjIY0KnryvbLodil0R1FWdjG8V"
        + "/4jqhDsuL9SLCzSgjzac7hFnw3xfzHIDJ3GYR/AtMIkDMDoEhrRqQjjhpfJlXiuv/R11FhbjtqWBEdBrlEKDWsx/3RatYULv"
        + "6uTEQU4do7Gaerkjs4YeLNOCYfT7h5xdXfhq8o+9C3YVUA1gf1o0bXhzuwnsdXf/8Pj0bIUOevILdhxBy44BAAA="
    private static let ofController =
        "H4sIAMIOAmsC/3WQQW6DMBBF9z6FLwAxCU0bS92EQqU0qkSIWXTnwJBYUIzsIWpV9e41Dl10US+sme+n/2csB1WCsUr3nF4j"
        + "UnWjRddzEtC55oS6U4FB1ahKIgRyxIs2Cj+DWqLkdF8w3BdRchD17qi2T4dyJwrxtstZJg7+jWHSZttcpC8zmx3b/JyzsijT"
        + "7rkQr9syFZ7b5/rRB1owVxdOL4iD5YtFtFmGLFyGEePrOF45ppfvwGnLLKl0j/CBt6lv9Tz1vIKnJmG0UzcxRncdmOCkNVo0"
        + "cvhrOBoDPQa/Zl5sVV9zmui+UWcyGGjAMRVYTr++yWTs828m/yT4eD8I6hbcl8tTFS1XIXNXfLe+f9g4oYaG/AAthsYolwEA"
        + "AA=="
    private static let withoutTLS =
        "H4sIAMIOAmsC/21Qy26DMBC8+yv8AxBDn7HUC5RUSqNKhJhDb8YsiUWKkb1Erar+ex2HHCp1D6vd2dHMaOWoa7BOm4HTU0LU"
        + "cXLod04iOs+cUF8KLOpOK4kQyQkPxmr8ilqJktNNxXBTJflWtOudzp639VpU4n1dspXYhhvDvF9lpSheZ+5q15f7ktVVXRxf"
        + "KvGW1YUIvE1pnoKhA3vy5vSAOPLFIlmmMYvTOGH+OsgP4LRnjigzIHziJe9lnvPO4QPrDEwubFMDR8CoMQYdWjn+VZushQGj"
        + "q1IAez20nOZm6PSejBY68BwFjtPvH3JWDeazyD/ywThEQNODf7NsVJLexMy327v7h8elB1royC+umYaYiwEAAA=="

    @Test(arguments: [
        (ofWorker, "https://192.0.2.10:6443", "192.0.2.10"), (ofIPv6, "https://[2001:db8::7]:6443", "2001:db8::7"),
        (ofName, "https://api.example/", "api.example"), (" \n\(ofWorker)\n", "https://192.0.2.10:6443", "192.0.2.10"),
    ]) func reads(_ text: String, _ server: String, _ host: String) throws {
        let token = try JoinToken(text)
        #expect(token.server == server && token.host == host)
        #expect(token.secret == "abc123.0123456789abcdef")
        #expect(text.contains(token.text))
    }

    @Test(arguments: [
        ("", "it is empty"), (" \n", "it is empty"), ("one two", "it has more than one word"),
        ("no-token", "not base64"),
        ("bm90aGluZw==", "can't be unpacked"), (String(repeating: "A", count: 70_000), "longer than any"),
        (String(ofWorker.prefix(200)), "can't be unpacked"),
        (ofController, "for 'controller-bootstrap', not for a worker"),
        (withoutTLS, "'http://192.0.2.10' is no address of an API server"),
        ("H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA==", "there is no server, user or token in it"),
    ]) func refuses(_ text: String, _ reason: String) {
        let error = #expect(throws: ClusterError.self) { try JoinToken(text) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.hint?.contains("sealift-installer token") == true)
        // It may be a secret nevertheless, torn on its way.
        if text.utf8.count > 40 { #expect(error?.description.contains(text.prefix(40)) == false) }
    }

    /// Every byte changed, every length: a token, or refused.
    @Test func noDamageBringsItDown() throws {
        let bytes = Array(Self.ofWorker.utf8)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] = damaged[index] == UInt8(ascii: "A") ? UInt8(ascii: "b") : UInt8(ascii: "A")
            for text in [damaged[...], bytes[..<index]] {
                do throws(ClusterError) {
                    let token = try JoinToken(String(decoding: text, as: UTF8.self))
                    #expect(token.server.hasPrefix("https://"))
                } catch {
                    guard case .badToken = error else {
                        Issue.record("\(error)")
                        continue
                    }
                }
            }
        }
    }
}
