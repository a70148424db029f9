import Testing
import Threads

@Suite struct BoundedQueueTests {
    @Test func givesEveryElementInOrderThroughANarrowQueue() {
        let queue = BoundedQueue<Int>(capacity: 2)
        let producer = OSThread.spawn(name: "producer") {
            for number in 0..<10_000 { queue.push(number) }
            queue.close()
        }
        var expected = 0
        while let number = queue.pop() {
            #expect(number == expected)
            expected += 1
        }
        producer.join()
        #expect(expected == 10_000)
    }

    @Test func losesNothingBetweenManyThreads() {
        let queue = BoundedQueue<Int>(capacity: 3)
        let sum = Lock(0)
        let producers = (0..<4).map { start in
            OSThread.spawn(name: "producer") { for number in 0..<1000 { queue.push(start * 1000 + number) } }
        }
        let consumers = (0..<3).map { _ in
            OSThread.spawn(name: "consumer") {
                while let number = queue.pop() { sum.withLock { $0 += number } }
            }
        }
        for producer in producers { producer.join() }
        queue.close()
        for consumer in consumers { consumer.join() }
        #expect(sum.withLock { $0 } == (0..<4000).reduce(0, +))
    }

    @Test func refusesElementsOnceItIsClosedButGivesWhatItHas() {
        let queue = BoundedQueue<String>(capacity: 2)
        #expect(queue.push("a"))
        queue.close()
        #expect(!queue.push("b"))
        #expect(queue.pop() == "a")
        #expect(queue.pop() == nil)
    }

    @Test func closingWakesAProducerThatWaitsForRoom() {
        let queue = BoundedQueue<Int>(capacity: 1)
        queue.push(1)
        let wasTaken = Lock<Bool?>(nil)
        let producer = OSThread.spawn(name: "producer") {
            let answer = queue.push(2)
            wasTaken.withLock { $0 = answer }
        }
        queue.close()
        producer.join()
        #expect(wasTaken.withLock { $0 } == false)
    }

    @Test func letsAnyNumberOfThreadsJoinAndJoinAgain() {
        let thread = OSThread.spawn(name: "a name that is longer than fifteen bytes") {}
        let others = (0..<3).map { _ in OSThread.spawn(name: "other") { thread.join() } }
        for other in others { other.join() }
        thread.join()
        thread.join()
    }
}
