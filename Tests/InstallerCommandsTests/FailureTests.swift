import BundleFormat
import Cluster
import CommandSupport
import NodeImages
import Processes
import SystemPackage
import Testing

@testable import BundleInstaller
@testable import Containerd
@testable import InstallerCommands

@Suite struct FailureTests {
    private func containerd(_ kind: ContainerdError.Kind, _ message: String = "", call: String? = "x/Y")
        -> ContainerdError
    {
        ContainerdError(socket: "/run/c.sock", call: call, kind: kind, message: message)
    }

    private func code(_ error: any Error) -> Failure.Code { Failure.explainingInstall(error).code }

    @Test func knowsContainerd() {
        #expect(code(containerd(.unavailable)) == .unavailable)
        #expect(code(containerd(.deadlineExceeded)) == .unavailable)
        #expect(code(containerd(.notContainerd)) == .unavailable)
        #expect(code(containerd(.permissionDenied, call: nil)) == .permission)
        #expect(code(containerd(.contentMismatch)) == .data)
        let full = containerd(.other(code: 2), "write /var/lib/x: no space left on device: unknown")
        let failure = Failure.explainingInstall(full)
        #expect(failure.code == .inputOutput && failure.hint?.contains("free some space") == true)
        #expect(!failure.message.contains("hint:"))
        let unreachable = Failure.explainingInstall(containerd(.unavailable, call: nil))
        #expect(unreachable.hint?.contains("is containerd running") == true)
        #expect(Failure.explainingInstall(containerd(.unavailable)).hint?.contains("has containerd stopped") == true)
        let unknown = Failure.explainingInstall(containerd(.invalidArgument, "snapshotter not loaded: x"))
        #expect(unknown.code == .data && unknown.hint?.contains("ctr plugins ls") == true)
    }

    @Test func knowsTheNodesImages() {
        #expect(code(NodeImagesError.busy(socket: "/x", pid: 7)) == .unavailable)
        #expect(code(NodeImagesError.system(action: "lock", path: "/x", errno: .permissionDenied)) == .permission)
        #expect(code(NodeImagesError.system(action: "lock", path: "/x", errno: .noSpace)) == .inputOutput)
        #expect(Failure.explainingInstall(NodeImagesError.busy(socket: "/x", pid: 7)).hint?.contains("wait") == true)
    }

    @Test func aStepHasTheCodeOfWhatStoppedItFromOutside() {
        func step(_ cause: (any Error)?, hint: String? = nil) -> Failure {
            Failure.explainingInstall(InstallError.step(name: "s", reason: "r", hint: hint, cause: cause))
        }
        #expect(step(containerd(.unavailable)).code == .unavailable)
        #expect(step(containerd(.other(code: 2), "no space left on device")).code == .inputOutput)
        #expect(step(InstallError.system(action: "write", path: "/x", errno: .noSpace)).code == .inputOutput)
        #expect(step(ClusterError.notReady(after: .seconds(1), [])).code == .software)
        #expect(step(ProcessFailure.missing("/x")).code == .software)
        #expect(step(nil).code == .software)
        #expect(step(nil, hint: "do this").hint == "do this")
        struct Odd: Error {}
        #expect(step(Odd()).hint == "running the same command again goes on with this step", "no bug of ours")
        #expect(step(containerd(.unavailable)).message == "step 's' failed: r")
    }

    @Test func knowsItsOwn() {
        #expect(code(InstallError.busy(pid: 7)) == .unavailable)
        #expect(code(InstallError.notInstalled(state: "/x")) == .noInput)
        #expect(code(InstallError.system(action: "read", path: "/x", errno: .permissionDenied)) == .permission)
        #expect(code(InstallError.system(action: "write", path: "/x", errno: .readOnlyFileSystem)) == .cantCreate)
        #expect(code(InstallError.preflight(failed: ["cpu"])) == .data)
        #expect(code(InstallError.uninstalling("x")) == .data)
        let newer = Failure.explainingInstall(BundleError.newer(path: "/b", schema: 2))
        #expect(newer.code == .data && newer.hint == "use the sealift-installer that came with the bundle")
        #expect(newer.message == "/b is of a newer format, schema 2: this Sealift reads schema 1")
        #expect(code(ClusterError.cancelled(action: "x")) == .interrupted)
        #expect(code(ClusterError.noJob(check: "x")) == .unavailable)
        #expect(code(ProcessFailure.notFound("kubectl", searchPath: "/bin")) == .unavailable)
    }
}
