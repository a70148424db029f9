internal import CCurl
internal import Threads

/// The thread that owns libcurl's multi handle; everything else reaches it through ``post(_:)``.
final class CurlLoop: @unchecked Sendable {  // `active` is touched by the loop's thread alone
    enum Command: Sendable {
        case add(Transfer)
        case resume(Transfer)
        case cancel(Transfer)
        case stop
    }

    private struct Inbox {
        var commands: [Command] = []
        var isStopped = false
    }

    private let multi: UnsafeMutableRawPointer
    private let inbox = Lock(Inbox())
    private var active: [UnsafeMutableRawPointer: Transfer] = [:]

    /// libcurl wants this once in a process, before anything else; a `static let` is made once.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init() {
        guard Self.isReady, let multi = curl_multi_init() else { fatalError("libcurl can't be initialised") }
        self.multi = multi
        _ = sealift_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
    }

    /// Hands `command` to the loop and wakes it; commands are taken in the order in which they were posted.
    func post(_ command: Command) {
        let isTaken = inbox.withLock { inbox in
            guard !inbox.isStopped else { return false }
            inbox.commands.append(command)
            // Under the lock, so that the handle can't be cleaned up in between.
            curl_multi_wakeup(multi)
            return true
        }
        if !isTaken, case .add(let transfer) = command { transfer.complete(.failure(.cancelled)) }
    }

    /// Runs until ``Command/stop``.
    func run() {
        var isRunning = true
        while isRunning {
            for command in inbox.withLock({ take(&$0.commands) }) where isRunning {
                isRunning = execute(command)
            }
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            finishDone()
            endSlow()
            if isRunning { curl_multi_poll(multi, nil, 0, 1000, nil) }
        }
        shutDown()
    }

    private func execute(_ command: Command) -> Bool {
        switch command {
        case .add(let transfer): add(transfer)
        case .resume(let transfer):
            guard let easy = transfer.easy else { break }
            transfer.pace.restart()
            curl_easy_pause(easy, CURLPAUSE_CONT)
        case .cancel(let transfer):
            transfer.isCancelled = true
            if transfer.easy != nil { end(transfer, .failure(.cancelled)) }
        case .stop: return false
        }
        return true
    }

    private func add(_ transfer: Transfer) {
        guard !transfer.isCancelled else { return transfer.complete(.failure(.cancelled)) }
        do throws(HTTPError) {
            let easy = try transfer.prepare()
            active[easy] = transfer
            let code = curl_multi_add_handle(multi, easy)
            guard code == CURLM_OK else { throw .failed(reason: String(cString: curl_multi_strerror(code))) }
        } catch {
            end(transfer, .failure(error))
        }
    }

    private func finishDone() {
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle,
                let transfer = active[easy]
            else { continue }
            end(transfer, transfer.outcome(of: sealift_message_result(message)))
        }
    }

    private func endSlow() {
        let now = ContinuousClock.now
        for transfer in Array(active.values) where transfer.pace.isTooSlow(at: now) {
            end(transfer, .failure(.timedOut(host: transfer.request.url.authority, reason: transfer.pace.rule)))
        }
    }

    private func end(_ transfer: Transfer, _ result: Result<HTTPResponse, HTTPError>) {
        if let easy = transfer.easy {
            active[easy] = nil
            curl_multi_remove_handle(multi, easy)
        }
        transfer.release()
        transfer.complete(result)
    }

    private func shutDown() {
        for transfer in Array(active.values) { end(transfer, .failure(.cancelled)) }
        let unread = inbox.withLock { inbox in
            inbox.isStopped = true
            curl_multi_cleanup(multi)
            return take(&inbox.commands)
        }
        for case .add(let transfer) in unread { transfer.complete(.failure(.cancelled)) }
    }

    private func take(_ commands: inout [Command]) -> [Command] {
        defer { commands = [] }
        return commands
    }
}
