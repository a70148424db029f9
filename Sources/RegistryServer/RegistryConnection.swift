internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// One client's connection: takes requests one after the other, and sends each answer as fast as the client takes it.
final class RegistryConnection: ChannelInboundHandler, @unchecked Sendable {  // touched on its event loop alone
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// An answer whose body is on its way.
    private struct Sending {
        var delivery: BlobDelivery
        var waiting: BlobDelivery.Piece?
        var isWriting = false
        var keepsAlive: Bool
    }

    private let router: RegistryRouter
    private let readers: BlobReaders
    private let reader: Int
    private let limits: BundleServer.Limits
    private let observe: @Sendable (BundleServer.Event) -> Void
    private var context: ChannelHandlerContext?
    private var head: HTTPRequestHead?
    private var sending: Sending?
    private var deadline: Scheduled<Void>?
    private var isClosing = false

    init(
        _ router: RegistryRouter, _ readers: BlobReaders, reader: Int, _ limits: BundleServer.Limits,
        observe: @escaping @Sendable (BundleServer.Event) -> Void
    ) {
        self.router = router
        self.readers = readers
        self.reader = reader
        self.limits = limits
        self.observe = observe
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        expect(within: limits.request)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        sending = nil
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A client that went away, or one that sends what is no HTTP: it was told, as far as it can be.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch Self.unwrapInboundIn(data) {
        case .head(let head):
            // A body that follows is of no interest, and may be without end.
            if head.method != .GET, head.method != .HEAD { return answer(head, keepsAlive: false) }
            self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            self.head = nil
            answer(head, keepsAlive: head.isKeepAlive)
        }
    }

    private func answer(_ head: HTTPRequestHead, keepsAlive: Bool) {
        func only(_ name: String) -> String? {
            let values = head.headers[name]
            return values.count == 1 ? values[0] : nil
        }
        let request = RegistryRequest(
            method: head.method.rawValue, uri: head.uri, range: only("range"), ifNoneMatch: only("if-none-match"))
        let answer = router.answer(request)
        observe(
            BundleServer.Event(
                client: context?.remoteAddress?.ipAddress ?? "", method: head.method.rawValue, uri: head.uri,
                status: answer.status, bytes: answer.length))
        var headers = HTTPHeaders(answer.headers.map { ($0.name, $0.value) })
        if answer.status != 304 { headers.add(name: "Content-Length", value: "\(answer.length)") }
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        isClosing = !keepsAlive
        let response = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        context?.write(Self.wrapOutboundOut(.head(response)), promise: nil)
        switch answer.body {
        case .none: finish(keepsAlive)
        case .bytes(let bytes):
            var buffer = ByteBufferAllocator().buffer(capacity: bytes.count)
            buffer.writeBytes(bytes)
            context?.write(Self.wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
            finish(keepsAlive)
        case .content(let range, let digest):
            guard !range.isEmpty else { return finish(keepsAlive) }
            sending = Sending(
                delivery: BlobDelivery(range, digest: digest, reader: reader), keepsAlive: keepsAlive)
            deadline?.cancel()
            readNext()
        }
    }

    private func finish(_ keepsAlive: Bool) {
        sending = nil
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        expect(within: keepsAlive ? limits.request : limits.stall)
        if !keepsAlive { promise.futureResult.whenComplete { [self] _ in self.context?.close(promise: nil) } }
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    // MARK: - a body, piece by piece

    private func readNext() {
        guard let sending, let loop = context?.eventLoop else { return }
        let delivery = sending.delivery
        readers.next(of: delivery) { result in
            loop.execute { self.take(result, of: delivery) }
        }
    }

    private func take(_ result: Result<BlobDelivery.Piece, any Error>, of delivery: BlobDelivery) {
        guard sending?.delivery === delivery else { return }
        switch result {
        case .failure(let error):
            // The client sees fewer bytes than were announced: it must not take them for the blob.
            observe(BundleServer.Event(failure: error))
            sending = nil
            isClosing = true
            context?.close(promise: nil)
        case .success(let piece):
            if sending?.isWriting == true {
                sending?.waiting = piece
            } else {
                write(piece)
            }
        }
    }

    /// Sends a piece while the next one is read; the one after that waits until this one is gone.
    private func write(_ piece: BlobDelivery.Piece) {
        guard let context, let delivery = sending?.delivery else { return }
        sending?.isWriting = true
        expect(within: limits.stall)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { [self] in written(piece, of: delivery) }
        context.writeAndFlush(Self.wrapOutboundOut(.body(.byteBuffer(piece.buffer))), promise: promise)
        if !piece.isLast { readNext() }
    }

    private func written(_ piece: BlobDelivery.Piece, of delivery: BlobDelivery) {
        guard let sending, sending.delivery === delivery else { return }
        deadline?.cancel()
        self.sending?.isWriting = false
        guard !piece.isLast else { return finish(sending.keepsAlive) }
        if let waiting = sending.waiting {
            self.sending?.waiting = nil
            write(waiting)
        }
    }

    /// Gives the client until then for what is its turn: a whole request, however slowly it comes, or to take a piece.
    private func expect(within time: Duration) {
        deadline?.cancel()
        deadline = context?.eventLoop.scheduleTask(in: TimeAmount(time)) { [weak self] in
            self?.isClosing = true
            self?.context?.close(promise: nil)
        }
    }
}
