import FoundationEssentials
import HostileRegistries
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Registry

/// Whatever a server does: the right bytes or an error that says so, in bounded time, and no secret goes astray.
@Suite(.timeLimit(.minutes(5))) struct HostileRegistryTests {
    private static let image = try? TestImage(
        platforms: [.linuxAMD64, .linuxARM64], layers: [2000, 40_000], seed: 31)  // nil fails every test below

    private struct Asked: Sendable {
        let step: Step
        let client: RegistryClient
        let reference: ImageReference
        let image: TestImage
        let origin: String
        let path: FilePath

        /// Asks for what `step` stands for; returns what came and what should have.
        func run(asStream: Bool = false) async throws -> (came: [UInt8], right: [UInt8]) {
            let manifest = image.manifests[0]
            switch step {
            case .token, .root:
                return (Array(try await client.resolve(reference).bytes), image.bytes(of: image.root))
            case .child:
                let document = try await client.manifest(manifest.descriptor, of: reference)
                return (Array(document.bytes), Array(manifest.bytes))
            case .config:
                let bytes = try await client.blob(manifest.value.config, of: reference)
                return (Array(bytes), image.bytes(of: manifest.value.config))
            case .layer:
                let layer = image.largestLayer
                if asStream {
                    return (try await readAll(client.stream(layer, of: reference)).get(), image.bytes(of: layer))
                }
                try await client.download(layer, of: reference, to: path) { _ in }
                return (try contents(of: path), image.bytes(of: layer))
            case .file:
                let expected = (Digest.of(Data(HostileRegistry.file)), Int64?.none)
                _ = try await client.download(url: origin + "/files/x?sig=1", expecting: expected, to: path) { _ in }
                return (try contents(of: path), HostileRegistry.file)
            }
        }
    }

    /// Where a fault is waited out, briefly; where the answer must come, for as long as a busy machine may need.
    private func client(of registry: HostileRegistry, waitsOutFaults: Bool) -> RegistryClient {
        let secret = Credentials.basic(user: HostileRegistry.user, password: HostileRegistry.password)
        return RegistryClient(
            testConfiguration(credentials: .fixed([registry.host: secret])) {
                $0.wait(for: .seconds(waitsOutFaults ? 1 : 30))
                $0.retry.attempts = 2
                $0.maximumFileSize = 100_000
            })
    }

    @Test(arguments: Fault.all) func bringsTheRightBytesOrSaysWhyNot(_ fault: Fault) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for step in fault.steps {
                group.addTask { try await ask(for: step, with: fault) }
                if step == .layer { group.addTask { try await ask(for: step, asStream: true, with: fault) } }
            }
            try await group.waitForAll()
        }
    }

    private func ask(for step: Step, asStream: Bool = false, with fault: Fault) async throws {
        let image = try #require(Self.image)
        let directory = TemporaryDirectory()
        let registry = HostileRegistry([.init(repository: "app/one", tag: "1.0", image: image)], faults: [step: fault])
        let asked = Asked(
            step: step, client: client(of: registry, waitsOutFaults: fault.outcome != .harmless),
            reference: try reference(registry.host), image: image, origin: registry.origin,
            path: directory.file("blob"))
        do {
            let (came, right) = try await asked.run(asStream: asStream)
            #expect(came == right, "\(fault), \(step)")
            #expect(fault.outcome != .fatal, "\(fault), \(step): nothing was noticed")
        } catch {
            #expect(fault.outcome != .harmless, "\(fault), \(step): \(error)")
            check(error, "\(fault), \(step)")
        }
        #expect(registry.leaks.isEmpty, "\(fault), \(step)")
        // What is left of it harms nobody.
        registry.becomeHonest()
        let again = Asked(
            step: step, client: client(of: registry, waitsOutFaults: false), reference: asked.reference, image: image,
            origin: registry.origin, path: asked.path)
        let (came, right) = try await again.run(asStream: asStream)
        #expect(came == right, "\(fault), \(step), afterwards")
    }

    /// Whatever it is that a server doesn't have, there is something to try.
    @Test func everyAbsenceHasAHint() throws {
        let reference = try ImageReference(parsing: "registry.example/app:1")
        let subjects: [Subject] = [
            .manifest(of: reference), .blob(Digest.of(Data()), of: reference), .file("https://registry.example/f"),
            .token(scope: "repository:app:pull"),
        ]
        for subject in subjects {
            let error = RegistryError.notFound(subject, host: "registry.example", answer: .init(status: 404))
            #expect(error.hint?.contains("registry.example") == true, "\(subject)")
        }
    }

    /// `--mirror` takes the registry's name, whichever host answers for it.
    @Test func aMirrorIsOfTheRegistry() throws {
        let image = Subject.manifest(of: try ImageReference(parsing: "busybox:1"))
        let error = RegistryError.unreachable(image, host: "registry-1.docker.io", reason: "no route")
        #expect(error.hint?.contains("--mirror docker.io=URL") == true, "\(error.hint ?? "")")
        let file = RegistryError.unreachable(.file("https://there.example/f"), host: "there.example", reason: "")
        #expect(file.hint?.contains("--mirror there.example=URL") == true)
    }

    private func check(_ error: any Error, _ comment: Comment) {
        guard let error = error as? RegistryError else {
            Issue.record("\(comment): \(error) is no RegistryError")
            return
        }
        let text = "\(error) \(error.hint ?? "")"
        #expect(text.contains("127.0.0.1"), "\(comment): \(text)")
        #expect(text == text.printable(), comment)
        #expect(text.utf8.count < 2000, comment)
        #expect(!text.contains(HostileRegistry.canary), "\(comment): \(text)")
    }
}
