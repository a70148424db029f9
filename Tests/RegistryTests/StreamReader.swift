import Registry
import Threads

func spawnReader(
    _ stream: BlobStream, step: Int, done: @escaping @Sendable (Result<[UInt8], RegistryError>) -> Void
) {
    OSThread.spawn(name: "test-reader") {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: step)
        do throws(RegistryError) {
            while true {
                let result = buffer.withUnsafeMutableBytes { space in
                    Result { () throws(RegistryError) in try stream.read(into: space) }
                }
                let count = try result.get()
                guard count > 0 else { break }
                bytes += buffer[..<count]
            }
            done(.success(bytes))
        } catch {
            done(.failure(error))
        }
    }
}
