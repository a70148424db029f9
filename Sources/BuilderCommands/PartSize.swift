internal import ArgumentParser
internal import BundleBuilder

/// How large a part of a split bundle may be, as it is written on the command line.
///
/// `4G` is 4,000,000,000 bytes, as media are sold and as fits FAT32; `4GiB` is 4,294,967,296, which does not.
struct PartSize: Hashable, Sendable {
    static let help =
        "Bytes of each part: 4G, 650M and 4.7GB are decimal, 4300MiB and 4Gi binary. FAT32 takes up to 4294967295."
    /// The fewest bytes: below that parts are no help to anybody, and soon too many.
    static let least: Int64 = 1_000_000
    private static let fat32Limit: Int64 = 4_294_967_295

    let bytes: Int64

    /// A word about a size that just misses the most usual file system of sticks.
    var warning: String? {
        guard bytes > Self.fat32Limit, bytes <= Self.fat32Limit + Self.fat32Limit / 20 else { return nil }
        return "FAT32 takes no file of \(bytes) bytes; with 4G (4000000000 bytes) the parts fit"
    }

    /// Reads a size; throws `ValidationError` with what is wrong.
    init(parsing text: String) throws {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int64(parts[0]),
            let unit = Self.unit(text.dropFirst(number.count)),
            let thousandths = parts.count == 1 ? 0 : Self.thousandths(parts[1])
        else {
            throw ValidationError(
                "'\(text)' is no size: give a number of bytes, or one with K, M, G, T (powers of 1000) or Ki, Mi, Gi, Ti "
                    + "(powers of 1024), as in 4G, 4.7G or 4300MiB")
        }
        let (product, isTooMuch) = whole.multipliedReportingOverflow(by: unit)
        let (sum, isOver) = product.addingReportingOverflow(
            unit / 1000 * thousandths + unit % 1000 * thousandths / 1000)
        guard !isTooMuch, !isOver, sum >= Self.least else {
            throw ValidationError("'\(text)': a part has at least \(Self.least) bytes, and at most 8 EiB less a byte")
        }
        bytes = sum
    }

    private static func thousandths(_ digits: Substring) -> Int64? {
        guard (1...3).contains(digits.count), let number = Int64(digits) else { return nil }
        return [100, 10, 1][digits.count - 1] * number
    }

    private static func unit(_ suffix: Substring) -> Int64? {
        var letters = suffix.lowercased()[...]
        if letters.hasSuffix("b") { letters = letters.dropLast() }
        let isBinary = letters.count == 2 && letters.hasSuffix("i")
        if isBinary { letters = letters.dropLast() }
        guard let power = ["", "k", "m", "g", "t"].firstIndex(of: letters) else { return nil }
        return (0..<power).reduce(1) { unit, _ in unit * (isBinary ? 1024 : 1000) }
    }
}
