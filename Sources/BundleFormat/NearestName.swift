/// The name among `names` that `written` was most likely meant to be; `nil` where none is near enough to suggest.
///
/// Near is at most a third of its characters inserted, removed, replaced or swapped with their neighbour.
package func nearestName(to written: String, among names: some Sequence<String>) -> String? {
    let limit = max(1, written.count / 3)
    var best: (name: String, distance: Int)?
    for name in names.sorted() {
        let distance =
            name.lowercased() == written.lowercased() ? 0 : editDistance(Array(written), Array(name), limit: limit)
        if distance <= limit, distance < best?.distance ?? Int.max { best = (name, distance) }
    }
    return best?.name
}

/// The optimal string alignment distance, or something above `limit` where the lengths alone exceed it.
private func editDistance(_ left: [Character], _ right: [Character], limit: Int) -> Int {
    guard abs(left.count - right.count) <= limit else { return limit + 1 }
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var cost = min(last[column] + (character == other ? 0 : 1), last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                cost = min(cost, beforeLast[column - 1] + 1)
            }
            current.append(cost)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
