internal import Glibc

/// The `Retry-After` header of RFC 9110 §10.2.3: seconds, or a date.
enum RetryAfter {
    /// The wait that `value` asks for at `now` (seconds since 1970); `nil` where it can't be read.
    static func parse(_ value: String, now: Int) -> Duration? {
        if !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            // More digits than fit: some very long time, which the policy caps.
            return .seconds(min(Int(value) ?? Int.max, 1 << 32))
        }
        return date(value).map { .seconds(max(0, $0 - now)) }
    }

    static func parse(_ value: String) -> Duration? { parse(value, now: time(nil)) }

    /// An IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT`; the two obsolete forms are not read.
    private static func date(_ value: String) -> Int? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = value.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int32(parts[1]), let year = Int32(parts[3]),
            let month = months.firstIndex(of: String(parts[2]))
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, (1...31).contains(day), (1970...9999).contains(year),
            (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }
        var fields = tm()
        fields.tm_year = year - 1900
        fields.tm_mon = Int32(month)
        fields.tm_mday = day
        fields.tm_hour = clock[0]
        fields.tm_min = clock[1]
        fields.tm_sec = clock[2]
        return timegm(&fields)
    }
}
