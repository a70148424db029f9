import Glibc
import Testing
import Threads

@Suite struct CancellationTests {
    @Test func startsWithoutARequest() {
        let cancellation = Cancellation()
        #expect(!cancellation.isCancelled)
        #expect(!Self.isReadable(cancellation))
    }

    @Test func staysOnceMade() {
        let cancellation = Cancellation()
        for _ in 0..<2 {
            cancellation.cancel()
            #expect(cancellation.isCancelled)
            #expect(Self.isReadable(cancellation))
        }
    }

    @Test func wakesEveryThreadThatWaits() async {
        let cancellation = Cancellation()
        async let first = onThread("first") { Self.isReadable(cancellation, milliseconds: -1) }
        async let second = onThread("second") { Self.isReadable(cancellation, milliseconds: -1) }
        await onThread("canceller") { cancellation.cancel() }
        let woken = await [first, second]
        #expect(woken == [true, true])
    }

    @Test func aCancelledTaskTellsItsThread() async {
        let task = Task {
            try await onThread("waits") { cancellation throws(CancellationError) in
                while !Self.isReadable(cancellation, milliseconds: 1000) {}
                try cancellation.check()
            }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func anUncancelledTaskGetsItsValue() async {
        let value = await onThread("answers") { cancellation in cancellation.isCancelled ? 0 : 1 }
        #expect(value == 1)
    }

    private static func isReadable(_ cancellation: Cancellation, milliseconds: CInt = 0) -> Bool {
        var entry = pollfd(fd: cancellation.descriptor, events: CShort(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) == 1
    }
}
