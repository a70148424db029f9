import BundleDistribution
import BundleFormat
import FoundationEssentials
import HostileBundles
import OCI
import Registry
import SystemPackage
import TestSupport
import Testing

/// A bundle goes into Debian's docker-registry and comes back as the same file.
@Suite(.enabled(if: DockerRegistry.isInstalled, "docker-registry, htpasswd or openssl is not installed"))
struct ArchivePushTests {
    @Test(arguments: [DockerRegistry.Access.plain, .tls, .password, .privateToken])
    func comesBackByteForByte(_ access: DockerRegistry.Access) async throws {
        let packed = try Packed(try SampleBundle { $0.hasBill = true })
        try await DockerRegistry.with(access) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform")
            let push = try BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 3)
            let sum = Sum()
            let pushed = try await push.run { sum.add($0) }
            #expect(sum.now == push.bytes)
            #expect(pushed.reference.tag == "1.2.3")
            #expect(pushed.archive == packed.digest)
            #expect(pushed.blobs.present == 0)
            #expect(pushed.blobs.uploaded == packed.sample.contents.members.count + 2)

            let pulled = try await packed.pull(pushed.reference, by: client(of: registry))
            #expect(pulled.isIdentical)
            #expect(pulled.path.lastComponent == packed.archive.lastComponent)
            #expect(try contents(of: pulled.path) == contents(of: packed.archive))
            let checksum = try contents(of: FilePath("\(pulled.path).sha256"))
            #expect(String(decoding: checksum, as: UTF8.self).hasPrefix("\(packed.digest.hex)  sample-1.2.3"))
            // Once more: the file is there, and by digest it is the same.
            let again = try await packed.pull(
                ImageReference(parsing: "\(registry.host)/team/platform@\(pushed.digest)"), by: client(of: registry))
            #expect(again.wasThere)
        }
    }

    @Test func asksForAnAccountWhereItMustHaveOne() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.token) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform:one")
            let push = try BundlePush(
                packed.bundle, to: target, client: client(of: registry, isAllowed: false), jobs: 3)
            let error = await #expect(throws: RegistryError.self) { try await push.run { _ in } }
            #expect(error?.category == .unauthorized)
            #expect(error?.description.contains("can't push") == true, "\(error?.description ?? "")")
        }
    }

    @Test func sendsNothingThatIsThere() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.plain) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform:1.0")
            func push(_ target: ImageReference) async throws -> BundlePush.Result {
                try await BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 3).run { _ in }
            }
            let first = try await push(target)
            let second = try await push(target)
            #expect(second.digest == first.digest)
            #expect(second.blobs.uploaded == 0)
            #expect(second.blobs.uploadedBytes == 0)
            // Under another tag everything is asked for, and nothing sent.
            let third = try await push(ImageNames.bundle("\(registry.host)/team/platform:2.0"))
            #expect(third.blobs.uploaded == 0)
            #expect(third.blobs.present == first.blobs.uploaded)
        }
    }

    @Test func goesOnWhereItWasStopped() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.plain) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform:1.0")
            let push = try BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 1)
            let (started, notice) = AsyncStream<Void>.makeStream()
            let sum = Sum()
            let archiveSize = try Int64(contents(of: packed.archive).count)
            let task = Task {
                try await push.run { bytes in
                    sum.add(bytes)
                    // Behind the archive's own digest, and so in the middle of the blobs.
                    if sum.now > archiveSize + 2000 { notice.yield() }
                }
            }
            for await _ in started { break }
            task.cancel()
            let stopped = await task.result
            #expect(throws: (any Error).self) { try stopped.get() }
            let absent = try await client(of: registry).pushedDigest(of: target)
            #expect(absent == nil)
            let second = try await BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 3)
                .run { _ in }
            #expect(second.blobs.present > 0)
            #expect(second.blobs.uploaded > 0)
            let pulled = try await packed.pull(target, by: client(of: registry))
            #expect(pulled.digest == packed.digest)
        }
    }

    @Test func aDamagedArchiveIsNotPushed() async throws {
        let packed = try Packed(try SampleBundle())
        var bytes = try contents(of: packed.archive)
        bytes[bytes.count / 2] ^= 1
        try write(bytes, to: packed.archive)
        try await DockerRegistry.with(.plain) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform:1.0")
            let push = try BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 3)
            await #expect(throws: (any Error).self) { try await push.run { _ in } }
            let absent = try await client(of: registry).pushedDigest(of: target)
            #expect(absent == nil)
        }
    }

    @Test func aPullHealsItsCacheAndKeepsOtherFiles() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.plain) { registry in
            let target = try ImageNames.bundle("\(registry.host)/team/platform:1.0")
            _ = try await BundlePush(packed.bundle, to: target, client: client(of: registry), jobs: 3).run { _ in }
            let first = try await packed.pull(target, by: client(of: registry))
            let largest = try #require(packed.sample.contents.payload.first)
            let cached = packed.folder.file("cache/blobs/sha256/\(largest.digest.hex)")
            try write([UInt8](repeating: 0, count: Int(largest.size)), to: cached)
            let healed = try await packed.pull(target, by: client(of: registry), to: "other")
            #expect(healed.digest == packed.digest)

            try write(Array("mine".utf8), to: first.path)
            let error = await #expect(throws: DistributionError.self) {
                _ = try await packed.pull(target, by: client(of: registry))
            }
            guard case .outputExists = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try contents(of: first.path) == Array("mine".utf8))
            _ = try await packed.pull(target, by: client(of: registry), isForced: true)
            #expect(try contents(of: first.path) == contents(of: packed.archive))
        }
    }

    @Test func anImageIsNoBundle() async throws {
        let packed = try Packed(try SampleBundle())
        try await DockerRegistry.with(.plain) { registry in
            for (index, image) in packed.sample.images.enumerated() {
                try registry.add(image, as: "app/image", tag: "\(index)")
                let error = await #expect(throws: DistributionError.self) {
                    _ = try await packed.pull(
                        ImageReference(parsing: "\(registry.host)/app/image:\(index)"), by: client(of: registry))
                }
                guard case .notABundle = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            #expect(!exists(packed.folder.file("out")))
        }
    }
}
