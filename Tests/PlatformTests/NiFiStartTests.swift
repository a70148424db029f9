import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What NiFi's init container `configuration` does, run by a shell here, with folders of the test in place of the image's
/// and the volume's.
@Suite(.enabled(if: Program.isInstalled("dash"), "needs dash")) struct NiFiStartTests {
    private static let user = "admin"
    private static let password = "twelve chars"
    private static let key = "0123456789ab"

    /// The container's script on the folders `image` and `volume` of `folder`, and what it printed.
    private func start(
        in folder: FilePath, user: String = user, password: String = password, key: String = key
    ) async throws -> (hasSucceeded: Bool, said: String) {
        let pod = try #require(try Variant().graph().pods.first { $0.object.title == "StatefulSet/nifi" })
        let container = try #require(pod.containers.first { $0.isInit && $0.name == "configuration" })
        let script = try #require(ObjectGraph.Script("", command: container.words)?.text)
            .replacing("/opt/nifi/nifi-current/conf", with: "\(folder)/image")
            .replacing("/volume", with: "\(folder)/volume")
        let result = try await run(
            .name("dash"), arguments: ["-ec", script],
            environment: .inherit.updating(["NIFI_USER": user, "NIFI_PASSWORD": password, "NIFI_KEY": key]),
            output: .string(limit: 1 << 16), error: .discarded)
        return (result.terminationStatus.isSuccess, result.standardOutput)
    }

    private func prepare(_ folder: FilePath) throws {
        try write(Array("of the image".utf8), to: folder.appending("image/nifi.properties"))
        try write([], to: folder.appending("volume/lost"))
    }

    private func text(_ folder: FilePath, _ path: String) throws -> String {
        String(decoding: try contents(of: folder.appending("volume").appending(path)), as: UTF8.self)
    }

    /// An empty volume gets the image's files; what NiFi made of them since, its flow above all, stays.
    @Test func theFlowOutlivesItsPod() async throws {
        let folder = TemporaryDirectory()
        try prepare(folder.path)
        #expect(try await start(in: folder.path).hasSucceeded)
        #expect(try text(folder.path, "conf/nifi.properties") == "of the image")
        #expect(exists(folder.file("volume/state")))

        try write(Array("a flow".utf8), to: folder.file("volume/conf/flow.json.gz"))
        try write(Array("of a newer image".utf8), to: folder.file("image/nifi.properties"))
        #expect(try await start(in: folder.path).hasSucceeded)
        #expect(try text(folder.path, "conf/flow.json.gz") == "a flow")
        #expect(try text(folder.path, "conf/nifi.properties") == "of the image")
    }

    @Test func aCopyThatWasCutShortBeginsAnew() async throws {
        let folder = TemporaryDirectory()
        try prepare(folder.path)
        try write([], to: folder.file("volume/conf.part/half"))
        #expect(try await start(in: folder.path).hasSucceeded)
        #expect(try text(folder.path, "conf/nifi.properties") == "of the image")
        #expect(!exists(folder.file("volume/conf/half")))
    }

    /// NiFi makes itself a certificate where it finds no store and no passwords of one.
    @Test(
        .enabled(if: Program.isInstalled("touch"), "needs touch"),
        arguments: [
            (31 * 24 + 1, "./conf/keystore.p12", true), (31 * 24 - 1, "./conf/keystore.p12", false),
            (31 * 24 + 1, "./conf/own.p12", false),
        ])
    func anOldCertificateIsReplaced(_ hours: Int, _ store: String, _ isReplaced: Bool) async throws {
        let folder = TemporaryDirectory()
        let conf = folder.file("volume/conf")
        let passwords = ["keystorePasswd", "keyPasswd", "truststorePasswd"]
        let named = "nifi.security.keystore=\(store)\n"
        let lines = [named] + (passwords + ["keystoreType"]).map { "nifi.security.\($0)=x\n" }
        try write(Array(lines.joined().utf8), to: conf.appending("nifi.properties"))
        for name in ["keystore.p12", "truststore.p12"] {
            try write([], to: conf.appending(name))
            _ = try await Program.run("touch", ["-d", "\(hours) hours ago", conf.appending(name).string])
        }
        #expect(try await start(in: folder.path).hasSucceeded)
        #expect(exists(conf.appending("keystore.p12")) != isReplaced)
        #expect(exists(conf.appending("truststore.p12")) != isReplaced)
        let blank = passwords.map { "nifi.security.\($0)=\n" }
        #expect(
            try text(folder.path, "conf/nifi.properties")
                == (isReplaced ? named + blank.joined() + "nifi.security.keystoreType=x\n" : lines.joined()))
    }

    /// NiFi goes on without them, with others that nobody knows.
    @Test(arguments: [
        ("adm", password, key, "nifiUser has less than 4"), (user, "elevenchars", key, "nifiPassword has less than 12"),
        (user, password, "elevenchars", "nifiSensitiveKey has less than 12"),
        (user, password, "twelve|chars", "nifiSensitiveKey has a"), (user, password, "twelve&chars", "has a \\, a |"),
        (user, password, #"twelve\chars"#, "nifiSensitiveKey has a"),
    ]) func whatNiFiCannotTakeIsRefused(_ user: String, _ password: String, _ key: String, _ reason: String)
        async throws
    {
        let folder = TemporaryDirectory()
        try prepare(folder.path)
        let (hasSucceeded, said) = try await start(in: folder.path, user: user, password: password, key: key)
        #expect(!hasSucceeded)
        #expect(said.contains(reason), "\(said)")
        #expect(!exists(folder.file("volume/conf")))
    }
}
