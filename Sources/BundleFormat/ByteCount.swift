/// Bytes in decimal units, as disks and registries count them: `1.81 GB`.
package struct ByteCount: Hashable, Sendable, CustomStringConvertible {
    package let count: Int64

    package init(_ count: Int64) { self.count = count }

    package var description: String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB"]
        guard count.magnitude >= 1000 else { return "\(count) B" }
        var value = Double(count)
        var unit = 0
        // Carries on at 999.5, so that rounding never shows four digits.
        while abs(value) >= 999.5, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        let digits = abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0
        return "\(Self.fixed(value, digits: digits)) \(units[unit])"
    }

    private static func fixed(_ value: Double, digits: Int) -> String {
        let scale = [1.0, 10, 100][digits]
        let scaled = Int((value * scale).rounded())
        guard digits > 0 else { return "\(scaled)" }
        let fraction = String(abs(scaled) % Int(scale))
        let zeros = String(repeating: "0", count: digits - fraction.count)
        return "\(scaled < 0 ? "-" : "")\(abs(scaled) / Int(scale)).\(zeros)\(fraction)"
    }
}
