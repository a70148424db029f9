import Glibc

/// The target that `SEALIFT_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = getenv("SEALIFT_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fail("SEALIFT_FUZZ_TARGET is '\(name)'; the targets are \(FuzzTarget.all.map(\.name).joined(separator: " "))")
    }
    return target
}()

/// What libFuzzer calls with each input; its main function is the program's.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do { try target.run(Array(UnsafeBufferPointer(start: bytes, count: count))) } catch {
        fail("broken: \(error)")
    }
    return 0
}

/// libFuzzer keeps the input with which the program was aborted.
private func fail(_ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
    abort()
}
