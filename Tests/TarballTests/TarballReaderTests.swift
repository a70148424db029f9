import SystemPackage
import Tarball
import TestSupport
import Testing

@Suite struct TarballReaderTests {
    @Test func listsMembersWithTheirPlacesAndReadsNoData() throws {
        let long = "blobs/" + String(repeating: "x", count: 150)
        let files = [("a", 3), ("b/c", 0), (long, 100_000), ("d", 512), ("e", 2_000_000)]
        let bytes = try archive(files.map { (name: $0.0, size: $0.1) })
        let source = ArraySource(bytes)
        let reader = try TarballReader(source)
        var end: Int64 = 0
        for (name, size) in files {
            let header = try TarHeader.encode(name: name, size: Int64(size))
            let member = try #require(try reader.next())
            #expect(member.name == name)
            #expect(member.size == Int64(size))
            #expect(member.headerOffset == end)
            #expect(member.dataOffset == end + Int64(header.count))
            end = member.end
        }
        #expect(try reader.next() == nil)
        #expect(Int64(bytes.count) == end + Int64(TarHeader.trailerSize))
        #expect(source.readCount < 10_000)
    }

    @Test(
        .enabled(if: Program.isInstalled("python3"), "python3 is not installed"),
        arguments: [
            ("type=tarfile.SYMTYPE, linkname='/etc/passwd'", "symbolic link"),
            ("type=tarfile.LNKTYPE, linkname='good'", "hard link"),
            ("type=tarfile.CHRTYPE", "not a regular file"), ("type=tarfile.BLKTYPE", "not a regular file"),
            ("type=tarfile.FIFOTYPE", "not a regular file"), ("type=tarfile.DIRTYPE", "not a regular file"),
            ("name='/absolute'", "absolute"), ("name='../up'", "leaves"), ("name='a/../../up'", "leaves"),
            ("name='./x'", "simplest form"), ("name='a//b'", "simplest form"), ("name='a/./b'", "simplest form"),
            ("name='a/.'", "simplest form"), ("pax_headers={'path': '../../up'}", "leaves"),
            ("pax_headers={'path': '/absolute'}", "absolute"),
        ])
    func refusesWhatIsNoPlainFile(_ attributes: String, _ reason: String) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x.tar")
        let script = """
            import io, sys, tarfile
            with tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT) as tar:
                good = tarfile.TarInfo('good'); good.size = 5
                tar.addfile(good, io.BytesIO(b'hello'))
                bad = tarfile.TarInfo('bad')
                for key, value in dict(\(attributes)).items(): setattr(bad, key, value)
                tar.addfile(bad)
            """
        _ = try await Program.run("python3", ["-c", script, path.string])
        let reader = try TarballReader(ArraySource(contents(of: path)))
        #expect(try reader.next()?.name == "good")
        let error = #expect(throws: TarballError.self) { try reader.next() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(reason), "\(text)")
        #expect(text.contains("at byte 1024 of the tar"), "\(text)")
    }

    @Test(.enabled(if: Program.isInstalled("tar"), "tar is not installed"), arguments: ["gnu", "posix", "oldgnu"])
    func refusesSparseFiles(_ format: String) async throws {
        let folder = TemporaryDirectory()
        let path = folder.file("x.tar")
        let hole = try FileDescriptor.open(
            folder.file("hole"), .readWrite, options: [.create], permissions: FilePermissions(rawValue: 0o600))
        try hole.closeAfter {
            try hole.resize(to: 4 << 20)
            _ = try hole.writeAll(toAbsoluteOffset: 3 << 20, [1])
        }
        _ = try await Program.run(
            "tar", ["--format", format, "-S", "-C", folder.path.string, "-cf", path.string, "hole"])
        let reader = try TarballReader(ArraySource(contents(of: path)))
        #expect(throws: TarballError.self) { try reader.next() }
    }

    @Test(arguments: ["9223372036854775807", "-1", "1152921504606846975", "99999999999999999999999", "x", ""])
    func survivesImpossibleSizes(_ size: String) throws {
        var record = " size=\(size)\n"
        record = "\(record.utf8.count + 2)" + record
        var bytes = try TarHeader.encode(name: "PaxHeader/x", size: Int64(record.utf8.count))
        bytes[156] = UInt8(ascii: "x")
        let sum = bytes.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        let octal = String(sum, radix: 8)
        let digits = String(repeating: "0", count: 6 - octal.count) + octal
        bytes.replaceSubrange(148..<156, with: Array(digits.utf8) + [0, 0x20])
        bytes += Array(record.utf8) + [UInt8](repeating: 0, count: 512 - record.utf8.count)
        bytes += try archive([("x", 10), ("y", 10)])
        let reader = try TarballReader(ArraySource(bytes))
        var count = 0
        while count < 10, let member = try? reader.next() {  // refusing is as good as ending
            #expect(member.size >= 0)
            count += 1
        }
        #expect(count <= 3)
    }

    @Test func survivesAnyFlippedByte() throws {
        let good = try archive([("a", 700), ("b", 0), ("c", 20)])
        for offset in good.indices {
            var bytes = good
            bytes[offset] ^= UInt8(1 << (offset % 8))
            guard let reader = try? TarballReader(ArraySource(bytes)) else { continue }  // refused at once
            var count = 0
            while count < 10, (try? reader.next()) != nil { count += 1 }  // refusing is as good as ending
            #expect(count <= 3)
        }
    }

    @Test func refusesAnArchiveThatIsNone() throws {
        #expect(throws: TarballError.self) { try TarballReader(ArraySource(seededBytes(5000, seed: 1))) }
    }

    @Test func passesOnWhatTheSourceThrows() throws {
        final class Failing: TarballSource {
            func read(at offset: Int64, into target: UnsafeMutableRawBufferPointer) throws -> Int {
                throw Errno.ioError
            }
        }
        #expect(throws: Errno.ioError) { try TarballReader(Failing()) }
    }
}
