import Testing

@testable import Containerd

@Suite struct ProtobufTests {
    /// A message with every kind of field that we write.
    private static let sample: [UInt8] = {
        var message = ProtobufWriter()
        message.add(1, "text")
        message.add(2, Int64(300))
        message.add(3, Int64(-1))
        message.add(4, true)
        message.add(5, ["a": "1", "b": ""])
        message.add(6, ["x", "", "y"])
        message.add(7) { $0.add(1, Int64.max) }
        message.add(2000, "far")
        return message.bytes
    }()

    @Test func writesWhatTheSpecificationShows() {
        // protobuf.dev/programming-guides/encoding: 150 in field 1 is 08 96 01, "testing" in field 2 is 12 07 ….
        var message = ProtobufWriter()
        message.add(1, Int64(150))
        message.add(2, "testing")
        message.add(3) { $0.add(1, Int64(150)) }
        #expect(
            message.bytes == [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8) + [0x1A, 0x03, 0x08, 0x96, 0x01])
    }

    @Test func leavesOutDefaults() {
        var message = ProtobufWriter()
        message.add(1, "")
        message.add(2, Int64(0))
        message.add(3, false)
        message.add(4, [String: String]())
        #expect(message.bytes.isEmpty)
        message.add(5) { _ in }
        #expect(message.bytes == [0x2A, 0x00])
    }

    @Test func readsWhatItWrites() throws {
        var fields: [(number: Int, value: ProtobufValue)] = []
        try ProtobufMessage(Self.sample[...]).forEach { (number, value) throws(MalformedMessage) in
            fields.append((number, value))
        }
        #expect(fields.map(\.number) == [1, 2, 3, 4, 5, 5, 6, 6, 6, 7, 2000])
        #expect(try fields[0].value.string() == "text")
        #expect(try fields[1].value.integer() == 300)
        #expect(try fields[2].value.integer() == -1)
        #expect(try fields[3].value.integer() == 1)
        #expect(try fields[4].value.entry() == ("a", "1"))
        #expect(try fields[5].value.entry() == ("b", ""))
        #expect(try fields[6...8].map { try $0.value.string() } == ["x", "", "y"])
        var inner = ProtobufReader(try fields[9].value.message())
        #expect(try inner.next()?.value.integer() == .max)
        #expect(try inner.next() == nil)
        #expect(try fields[10].value.string() == "far")
    }

    /// A message that ends early is either malformed or has just lost its last fields.
    @Test func everyTruncation() throws {
        var ends: Set<Int> = [0]
        var reader = ProtobufReader(Self.sample[...])
        while try reader.next() != nil { ends.insert(Self.sample.count - reader.count) }
        for count in 0..<Self.sample.count {
            var reader = ProtobufReader(Self.sample[..<count])
            do {
                while try reader.next() != nil {}
                #expect(ends.contains(count))
            } catch {
                #expect(!ends.contains(count))
            }
        }
    }

    /// Any bit turned over gives a message or an error.
    @Test func everyDamage() {
        var readable = 0
        for index in Self.sample.indices {
            for bit in 0..<8 {
                var bytes = Self.sample
                bytes[index] ^= 1 << bit
                do throws(MalformedMessage) {
                    try ProtobufMessage(bytes[...]).forEach { (_, value) throws(MalformedMessage) in
                        _ = try? value.entry()  // most are none; only a crash would be wrong
                    }
                    readable += 1
                } catch {
                    #expect(!error.reason.isEmpty)
                }
            }
        }
        #expect(readable > 0)
    }

    @Test(
        arguments: [
            ([0x00], "impossible number"),  // field 0
            ([0x80], "inside a number"),
            ([0x08], "inside a number"),
            ([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], "64 bits"),
            ([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "64 bits"),
            ([0x0A, 0x01], "longer than its message"),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "longer than its message"),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], "longer than its message"),
            ([0x09, 1, 2, 3, 4, 5, 6, 7], "inside a number"),
            ([0x0D, 1, 2, 3], "inside a number"),
            ([0x0B], "wire type 3"), ([0x0C], "wire type 4"), ([0x0E], "wire type 6"), ([0x0F], "wire type 7"),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "impossible number"),
        ] as [([UInt8], String)])
    func malformedMessages(bytes: [UInt8], reason: String) {
        var reader = ProtobufReader(bytes[...])
        let error = #expect(throws: MalformedMessage.self) { while try reader.next() != nil {} }
        #expect(error?.reason.contains(reason) == true)
    }

    @Test func fieldsOfAnotherType() {
        #expect(throws: MalformedMessage.self) { try ProtobufValue.varint(1).string() }
        #expect(throws: MalformedMessage.self) { try ProtobufValue.bytes([1]).integer() }
        #expect(throws: MalformedMessage.self) { try ProtobufValue.bytes([0xFF]).string() }
        #expect(throws: MalformedMessage.self) { try ContentInfo(ProtobufMessage([0x0A, 0x01, 0x41])) }
        #expect(throws: MalformedMessage.self) { try ImageRecord(ProtobufMessage([0x0A, 0x01, 0x41])) }
    }

    @Test func unknownFieldsAreSkipped() throws {
        let unknown: [UInt8] = [
            0xF8, 0x7F, 0x01, 0xF9, 0x7F, 1, 2, 3, 4, 5, 6, 7, 8, 0xFA, 0x7F, 0x00, 0xFD, 0x7F, 1, 2, 3, 4,
        ]
        var message = ProtobufWriter()
        message.add(3, "reference")
        message.add(4, Int64(12))
        let status = try IngestStatus(ProtobufMessage((unknown + message.bytes + unknown)[...]))
        #expect(status.reference == "reference")
        #expect(status.offset == 12)
    }
}

@Suite struct FramingTests {
    @Test func messagesInPieces() throws {
        let messages: [[UInt8]] = [[], [1], Array(repeating: 2, count: 70_000), [3, 4]]
        let wire = messages.flatMap { MessageBuffer.head($0.count) + $0 }
        for size in [1, 4, 5, 6, 1000, wire.count] {
            var buffer = MessageBuffer()
            var found: [[UInt8]] = []
            for start in stride(from: 0, to: wire.count, by: size) {
                buffer.append(Array(wire[start..<min(start + size, wire.count)]))
                while let message = try buffer.next() { found.append(Array(message)) }
            }
            #expect(found == messages)
            #expect(!buffer.isInsideMessage)
        }
    }

    @Test(arguments: [[1, 0, 0, 0, 0], [7, 0, 0, 0, 0], [0, 1, 0, 0, 1], [0, 0xFF, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func refusedHeads(head: [UInt8]) {
        var buffer = MessageBuffer()
        buffer.append(head)
        #expect(throws: MalformedMessage.self) { try buffer.next() }
    }

    @Test func percentEncoding() {
        #expect(GRPCStatus.decodePercent("plain") == "plain")
        #expect(GRPCStatus.decodePercent("a%20b%0A%e2%82%AC") == "a b\n€")
        #expect(GRPCStatus.decodePercent("100%") == "100%")
        #expect(GRPCStatus.decodePercent("%4") == "%4")
        #expect(GRPCStatus.decodePercent("%zz%41") == "%zzA")
        #expect(GRPCStatus.decodePercent("%ff") == "\u{FFFD}")
    }
}
