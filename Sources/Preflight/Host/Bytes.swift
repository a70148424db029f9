/// Bytes in decimal units as disks are sold: `12.3 GB`.
func shownBytes(_ count: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    var value = Double(count)
    var unit = 0
    while abs(value) >= 999.95, unit < units.count - 1 {
        value /= 1000
        unit += 1
    }
    let tenths = Int64((value * 10).rounded())
    let fraction = abs(tenths) % 10
    let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
    return unit == 0 || fraction == 0 ? "\(whole) \(units[unit])" : "\(whole).\(fraction) \(units[unit])"
}
