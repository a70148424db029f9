/// Runs `body` for every item, in their order, at most `width` at a time; the first error ends all.
func inParallel<Item: Sendable>(
    _ items: [Item], width: Int, _ body: @escaping @Sendable (Item) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var waiting = items[...]
        func start() {
            guard let item = waiting.popFirst() else { return }
            group.addTask { try await body(item) }
        }
        for _ in 0..<max(1, width) { start() }
        while try await group.next() != nil { start() }
    }
}
