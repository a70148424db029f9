/// A parser of what somebody else has written, and the rules that must hold whatever its input is.
struct FuzzTarget: Sendable, CustomStringConvertible {
    let name: String
    private let body: @Sendable ([UInt8]) throws -> Void

    /// `body` gives its input to the product, and throws ``BrokenRule`` where the answer breaks a rule.
    init(_ name: String, _ body: @escaping @Sendable ([UInt8]) throws -> Void) {
        self.name = name
        self.body = body
    }

    var description: String { name }

    /// Tries one input; throws ``BrokenRule``.
    func run(_ input: [UInt8]) throws { try body(input) }

    /// Every one that there is.
    static let all: [FuzzTarget] = [
        .reference, .digest, .document, .graph, .definition, .manifest, .lock, .frames, .tar, .layer, .parts, .bundle,
        .challenge, .dockerConfig, .keys, .values, .host, .protobuf, .http2, .kubernetes,
    ]
}

/// A promise of the product that an input has broken.
struct BrokenRule: Error, CustomStringConvertible {
    let description: String
}

/// Throws unless a rule holds.
func hold(_ condition: Bool, _ rule: String) throws(BrokenRule) {
    guard condition else { throw BrokenRule(description: rule) }
}

/// What `parse` made of its input; `nil` where it was refused, which is an answer like any other.
func accepted<Value>(_ parse: () throws -> Value) -> Value? {
    do {
        return try parse()
    } catch {
        // Putting the refusal into words must not crash either.
        _ = "\(error)"
        return nil
    }
}

/// The input as text; what is not UTF-8 in it is replaced, as wherever the product reads text.
func text(_ input: some Collection<UInt8>) -> String { String(decoding: input, as: UTF8.self) }
