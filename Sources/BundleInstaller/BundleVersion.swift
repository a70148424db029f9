/// The version of a bundle, as far as versions can be put in order: by the rules of SemVer 2.0.0, 11, for any count of
/// numbers. What is built of the same version (`+…`) is neither older nor newer.
struct BundleVersion {
    /// `nil` where the version is no numbers with dots between: nothing is known of its order.
    private let numbers: [[UInt8]]?
    /// What a version that is not released yet has behind its `-`.
    private let prerelease: [Substring]?

    /// Takes any text; `v1.2.3` is `1.2.3`.
    init(_ text: String) {
        let released = text.prefix { $0 != "+" }
        let core = released.prefix { $0 != "-" }.drop { $0 == "v" }
        let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map(Self.digits)
        self.numbers = numbers.contains(nil) ? nil : numbers.compactMap(\.self)
        prerelease = released.firstIndex(of: "-").map { released[$0...].dropFirst().split(separator: ".") }
    }

    /// Whether it surely is; never where either can't be put in order.
    func isOlder(than other: BundleVersion) -> Bool {
        guard let numbers, let others = other.numbers else { return false }
        for index in 0..<max(numbers.count, others.count) {
            let order = Self.order(
                index < numbers.count ? numbers[index] : [], index < others.count ? others[index] : [])
            if order != 0 { return order < 0 }
        }
        switch (prerelease, other.prerelease) {
        case (nil, _): return false
        case (_?, nil): return true
        case (let own?, let others?): return own.lexicographicallyPrecedes(others, by: Self.precedes)
        }
    }

    /// The digits of a number without leading zeros, of any length: some count days or seconds. `nil` for any other text.
    private static func digits(_ text: Substring) -> [UInt8]? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Array(text.utf8.drop { $0 == UInt8(ascii: "0") })
    }

    /// Below zero where `left` is the smaller number.
    private static func order(_ left: [UInt8], _ right: [UInt8]) -> Int {
        if left.count != right.count { return left.count - right.count }
        return left.elementsEqual(right) ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    /// Numbers by their value, before words; words by their bytes.
    private static func precedes(_ left: Substring, _ right: Substring) -> Bool {
        switch (digits(left), digits(right)) {
        case (let left?, let right?): order(left, right) < 0
        case (nil, nil): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (let left, _): left != nil
        }
    }
}
