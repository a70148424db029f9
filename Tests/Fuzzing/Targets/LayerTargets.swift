import Glibc
import Layers

@testable import Unpack

extension FuzzTarget {
    /// A layer, whatever it is compressed with: every member that a scan or the unpacker would see, and what the latter
    /// would make of it.
    static let layer = FuzzTarget("layer") { input in
        var rule: BrokenRule?
        accepted {
            let blob = ByteStream(InputSource(input), capacity: 4096)
            let content = LimitedSource(try LayerInput.content(of: blob), limit: 1 << 20)
            let tar = TarStream(ByteStream(content, capacity: 4096))
            var members = 0
            while let entry = try tar.next(), members < 10_000 {
                members += 1
                do throws(BrokenRule) { try check(entry) } catch { rule = error }
                if members % 2 == 0 { _ = try tar.body.look(ahead: 1) }
            }
        }
        if let rule { throw rule }
    }

    private static func check(_ entry: TarEntry) throws(BrokenRule) {
        try hold(entry.size >= 0, "a member has a size")
        if let path = accepted({ try EntryPath(entry.name) }) ?? nil {
            for part in path.folders + [path.name] {
                try hold(
                    !part.isEmpty && !part.contains(0) && !part.contains(UInt8(ascii: "/")), "a part is a file's name")
                try hold(part != Array(".".utf8) && part != Array("..".utf8), "a path leads nowhere but down")
            }
        }
        if let attributes = accepted({ try EntryAttributes(entry) }) {
            try hold(attributes.mode & ~0o7777 == 0, "a mode has twelve bits")
            for time in [attributes.times.0, attributes.times.1] {
                let isTime = time.tv_sec >= 0 && (0..<1_000_000_000).contains(time.tv_nsec)
                try hold(isTime, "a time is one of the kernel's")
            }
            try hold(
                !attributes.extended.contains { $0.name.hasPrefix("trusted.") }, "no layer sets trusted attributes")
        }
    }

    private final class InputSource: ByteSource {
        private var rest: ArraySlice<UInt8>

        init(_ input: [UInt8]) { rest = input[...] }

        func read(into target: UnsafeMutableRawBufferPointer) -> Int {
            let piece = rest.prefix(target.count)
            target.copyBytes(from: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    /// A kilobyte can hold a gigabyte.
    private final class LimitedSource: ByteSource {
        private let source: any ByteSource
        private var left: Int

        init(_ source: any ByteSource, limit: Int) {
            self.source = source
            left = limit
        }

        func read(into target: UnsafeMutableRawBufferPointer) throws(ReadFault) -> Int {
            let count = try source.read(into: target)
            left -= count
            guard left >= 0 else { throw ReadFault("more than a target reads") }
            return count
        }
    }
}
