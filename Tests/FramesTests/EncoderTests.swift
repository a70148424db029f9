import FoundationEssentials
import Frames
import OCI
import Testing

@Suite struct EncoderTests {
    private func encoded(_ content: Data, pieces: Int) throws -> [UInt8] {
        var frame: [UInt8] = []
        let encoder = try ZstdEncoder(level: 3)
        var rest = content[...]
        while !rest.isEmpty {
            try rest.prefix(pieces).withUnsafeBytes { try encoder.write($0) { frame += $0 } }
            rest = rest.dropFirst(pieces)
        }
        try encoder.finish { frame += $0 }
        return frame
    }

    private func decoded(_ frame: [UInt8]) throws -> Data {
        let decoder = try ZstdStream(windowLog: 24)
        var content = Data()
        var buffer = [UInt8](repeating: 0, count: 50_000)
        var rest = frame[...]
        while true {
            let step = try rest.withUnsafeBytes { input in
                try buffer.withUnsafeMutableBytes { try decoder.step(input, into: $0) }
            }
            content.append(contentsOf: buffer[..<step.given])
            rest = rest.dropFirst(step.taken)
            if step.hasEnded { break }
        }
        #expect(rest.isEmpty)
        return content
    }

    @Test(arguments: [0, 1, 1000, 131_072, 262_144, 3_000_000])
    func givesTheSameBytesHoweverTheContentIsCut(_ count: Int) throws {
        let content = content(count)
        let frame = try encoded(content, pieces: max(count, 1))
        for pieces in [333, 65_536, 131_072, 1 << 20] where pieces < count || count == 0 {
            #expect(try encoded(content, pieces: pieces) == frame)
        }
        #expect(try decoded(frame) == content)
        // Bit 2 of the frame's descriptor: it ends with a checksum (RFC 8878, 3.1.1.1.1).
        #expect(frame[4] & 4 == 4)
        var damaged = frame
        damaged[damaged.count - 1] ^= 1
        #expect(throws: FramesError.self) { try decoded(damaged) }
    }
}
