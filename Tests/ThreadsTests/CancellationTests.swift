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

    private static func isReadable(_ cancellation: Cancellation, milliseconds: CInt = 0) -> Bool {
        var entry = pollfd(fd: cancellation.descriptor, events: CShort(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) == 1
    }
}
