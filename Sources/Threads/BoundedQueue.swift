internal import Glibc

/// A queue between threads that holds at most `capacity` elements: the slower side sets the pace.
package final class BoundedQueue<Element: Sendable>: @unchecked Sendable {  // every access is under `lock`
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: Int
    private var elements: [Element] = []
    private var head = 0
    private var isClosed = false

    package init(capacity: Int) {
        self.capacity = capacity
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Adds an element, waiting for room; returns `false`, and drops the element, when the queue is closed.
    package func push(_ element: Element) -> Bool {
        withLock {
            while elements.count - head >= capacity, !isClosed { pthread_cond_wait(changed, lock) }
            guard !isClosed else { return false }
            elements.append(element)
            return true
        }
    }

    /// Takes the oldest element, waiting for one; `nil` when the queue is closed and empty.
    package func pop() -> Element? {
        withLock {
            while elements.count == head, !isClosed { pthread_cond_wait(changed, lock) }
            guard elements.count > head else { return nil }
            let element = elements[head]
            head += 1
            if head == elements.count || head > 64 {
                elements.removeFirst(head)
                head = 0
            }
            return element
        }
    }

    /// Ends the queue: waiting threads wake, no more elements are taken in, those inside can still be popped.
    package func close() {
        withLock { isClosed = true }
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return body()
    }
}
