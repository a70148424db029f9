import HTTP
import Testing

@Suite struct SlotsTests {
    @Test func grantsInTheOrderOfReservation() async {
        let slots = Slots(total: 1, perKey: 1)
        let first = slots.reserve("a")
        let second = slots.reserve("a")
        let third = slots.reserve("b")
        #expect(await first.wait())
        first.release()
        #expect(await second.wait())
        second.release()
        #expect(await third.wait())
    }

    @Test func aFullKeyDoesNotHoldUpOthers() async {
        let slots = Slots(total: 2, perKey: 1)
        let first = slots.reserve("a")
        let blocked = slots.reserve("a")
        let other = slots.reserve("b")
        #expect(await first.wait())
        #expect(await other.wait())
        first.release()
        #expect(await blocked.wait())
    }

    @Test func aCancelledWaiterGivesItsPlaceUp() async {
        let slots = Slots(total: 1, perKey: 1)
        let holder = slots.reserve("a")
        let waiter = slots.reserve("a")
        let next = slots.reserve("a")
        let task = Task { await waiter.wait() }
        task.cancel()
        #expect(await !task.value)
        holder.release()
        holder.release()
        #expect(await next.wait())
    }

    @Test func aDroppedReservationGivesItsSlotBack() async {
        let slots = Slots(total: 1, perKey: 1)
        do {
            let dropped = slots.reserve("a")
            #expect(await dropped.wait())
        }
        #expect(await slots.reserve("a").wait())
    }

    @Test func neverGrantsMoreThanItHas() async {
        let slots = Slots(total: 3, perKey: 2)
        let gauge = Gauge()
        await withTaskGroup { group in
            for number in 0..<60 {
                group.addTask {
                    let slot = slots.reserve("host-\(number % 4)")
                    guard await slot.wait() else { return }
                    await gauge.enter("host-\(number % 4)")
                    await Task.yield()
                    await gauge.leave("host-\(number % 4)")
                    slot.release()
                }
            }
        }
        #expect(await gauge.most <= 3)
        #expect(await gauge.mostForOne <= 2)
        #expect(await gauge.served == 60)
    }
}

private actor Gauge {
    private var inside: [String: Int] = [:]
    private(set) var most = 0
    private(set) var mostForOne = 0
    private(set) var served = 0

    func enter(_ key: String) {
        inside[key, default: 0] += 1
        most = max(most, inside.values.reduce(0, +))
        mostForOne = max(mostForOne, inside[key, default: 0])
    }

    func leave(_ key: String) {
        inside[key, default: 0] -= 1
        served += 1
    }
}
