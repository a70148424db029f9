/// An amount as Kubernetes writes it: `500m`, `1.5`, `2Gi`, `1e3`.
///
/// The grammar is that above `type Quantity` of Kubernetes' `apimachinery/pkg/api/resource`; as there, what is finer
/// than asked for is rounded away from zero, and what is larger than a number can hold becomes the largest number.
package struct Quantity: Hashable, Sendable {
    private let isNegative: Bool
    /// The first digits of the number; what was cut off behind them only matters for rounding up.
    private let significand: UInt128
    private let hasMoreDigits: Bool
    /// The number is `significand` × 10^`exponent` × 2^`shift`.
    private let exponent: Int
    private let shift: Int

    /// Parses `text`; `nil` where it is no quantity.
    package init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        let whole = Self.digits(of: &rest)
        var fraction = Substring()
        if rest.hasPrefix(".") {
            rest.removeFirst()
            fraction = Self.digits(of: &rest)
        }
        guard !whole.isEmpty || !fraction.isEmpty, let (decimal, binary) = Self.scale(of: rest) else { return nil }
        let digits = (whole + fraction).drop { $0 == "0" }
        let kept = digits.prefix(Self.significantDigits)
        significand = UInt128(kept) ?? 0
        hasMoreDigits = digits.dropFirst(kept.count).contains { $0 != "0" }
        exponent = decimal - fraction.count + (digits.count - kept.count)
        shift = binary
    }

    /// The number in units, as memory and storage are counted: `1Ki` is 1024.
    package var value: Int64 { scaled(by: 0) }

    /// The number in thousandths, as CPU is counted: `1.5` is 1500.
    package var milliValue: Int64 { scaled(by: 3) }

    /// As many as fit into 128 bits together with the largest suffix, 2^60.
    private static let significantDigits = 18

    /// The number × 10^`power`, rounded away from zero.
    private func scaled(by power: Int) -> Int64 {
        let magnitude = Self.magnitude(significand << shift, exponent: exponent + power, hasMoreDigits: hasMoreDigits)
        return isNegative ? -magnitude : magnitude
    }

    private static func magnitude(_ number: UInt128, exponent: Int, hasMoreDigits: Bool) -> Int64 {
        guard number > 0 else { return 0 }
        var number = number
        var isCut = hasMoreDigits
        // 39 digits are all that 128 bits hold: beyond that nothing is left, or nothing fits.
        for _ in 0..<min(abs(exponent), 40) {
            if exponent > 0 {
                guard number <= UInt128(Int64.max) else { return .max }
                number *= 10
            } else {
                isCut = isCut || number % 10 != 0
                number /= 10
            }
        }
        if isCut { number += 1 }
        return Int64(clamping: number)
    }

    private static func digits(of rest: inout Substring) -> Substring {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        return digits
    }

    /// What a suffix multiplies with: a power of ten and a power of two.
    private static func scale(of suffix: Substring) -> (decimal: Int, binary: Int)? {
        if let index = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"].firstIndex(of: suffix) {
            return (index * 3 - 9, 0)
        }
        if let index = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].firstIndex(of: suffix) { return (0, (index + 1) * 10) }
        guard suffix.hasPrefix("e") || suffix.hasPrefix("E") else { return nil }
        var digits = suffix.dropFirst()
        let isNegative = digits.hasPrefix("-")
        if isNegative || digits.hasPrefix("+") { digits.removeFirst() }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        // Larger exponents make no difference any more, and this can be added to without overflow.
        let exponent = min(Int(digits) ?? 1_000_000, 1_000_000)
        return (isNegative ? -exponent : exponent, 0)
    }
}
