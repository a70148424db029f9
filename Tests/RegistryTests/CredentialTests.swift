import FoundationEssentials
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import Registry

@Suite struct CredentialTests {
    private func configuration(_ json: String) throws -> DockerConfiguration {
        try DockerConfiguration(Data(json.utf8), path: "/config.json")
    }

    @Test(arguments: [
        "https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io", "http://docker.io/",
    ])
    func knowsDockerHubUnderEveryName(_ key: String) throws {
        let found = try configuration(#"{"auths":{"\#(key)":{"auth":"YWxpY2U6cHc="}}}"#).credentials(for: "docker.io")
        #expect(found == .basic(user: "alice", password: "pw"))
    }

    @Test(arguments: [
        (#"{"auth":"YWxpY2U6cDp3"}"#, Credentials.basic(user: "alice", password: "p:w")),
        (#"{"auth":"YWxpY2U6cHcA"}"#, .basic(user: "alice", password: "pw")),
        (#"{"username":"bob","password":"x"}"#, .basic(user: "bob", password: "x")),
        (#"{"auth":"YWxpY2U6cHc=","identitytoken":"T"}"#, .identityToken("T")),
        (#"{"registrytoken":"R"}"#, .registryToken("R")),
    ])
    func readsEveryKindOfEntry(_ entry: String, _ expected: Credentials) throws {
        let found = try configuration(#"{"auths":{"https://r.example:5000/v2/":\#(entry)}}"#)
        #expect(found.credentials(for: "r.example:5000") == expected)
        #expect(found.credentials(for: "r.example") == nil)
    }

    @Test(arguments: ["{}", #"{"auth":"%%%"}"#, #"{"auth":"YWxpY2U="}"#, #"{"auth":""}"#, #"{"auth":"OnB3"}"#])
    func anEntryWithoutCredentialsIsNone(_ entry: String) throws {
        #expect(try configuration(#"{"auths":{"r.example":\#(entry)}}"#).credentials(for: "r.example") == nil)
    }

    @Test func aBrokenFileIsAnErrorThatQuotesNothing() async {
        let error = await registryError { _ = try configuration(#"{"auths":{"h":{"auth":5,"x":"SECRET"}}}"#) }
        #expect(error.map { "\($0)".contains("/config.json") && !"\($0)".contains("SECRET") } == true)
    }

    @Test func aMissingFileMattersOnlyWhenItWasNamed() async throws {
        let folder = TemporaryDirectory()
        let store = try CredentialStore.docker(environment: ["DOCKER_CONFIG": folder.path.string])
        #expect(try await store.credentials(for: "h") == nil)
        let missing = folder.file("none.json")
        #expect(throws: RegistryError.self) { try CredentialStore.docker(at: missing, environment: [:]) }
    }

    @Test func printsNoSecret() {
        for credentials: Credentials in [
            .basic(user: "u", password: "SECRET"), .identityToken("SECRET"), .registryToken("SECRET"),
        ] {
            var dumped = "\(credentials) \(String(reflecting: credentials))"
            dump(credentials, to: &dumped)
            #expect(!dumped.contains("SECRET"))
        }
    }

    @Test func asksTheHelperOfAHost() async throws {
        let folder = TemporaryDirectory()
        let log = folder.file("asked")
        let script = """
            #!/bin/sh
            read -r host || true
            echo "$1 $host" >>'\(log)'
            case "$host" in
            token.example) echo '{"ServerURL":"x","Username":"<token>","Secret":"T"}' ;;
            basic.example) echo '{"ServerURL":"x","Username":"alice","Secret":"pw"}' ;;
            broken.example) echo 'SECRET' ;;
            failing.example) echo 'SECRET'; exit 1 ;;
            *) echo 'credentials not found in native keychain'; exit 1 ;;
            esac
            """
        try write(script.utf8, to: folder.file("helper"))
        func ask(_ host: String) async throws -> Credentials? {
            try await CredentialHelper(name: "test", program: folder.file("helper")).credentials(for: host)
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file("helper").string)
        #expect(try await ask("token.example") == .identityToken("T"))
        #expect(try await ask("basic.example") == .basic(user: "alice", password: "pw"))
        #expect(try await ask("docker.io") == nil)
        for host in ["broken.example", "failing.example"] {
            let error = await registryError { _ = try await ask(host) }
            #expect(error.map { !"\($0)".contains("SECRET") } == true)
        }
        let asked = String(decoding: try contents(of: log), as: UTF8.self)
        #expect(asked.contains("get https://index.docker.io/v1/\n"))
    }

    @Test func choosesTheHelperForTheHost() throws {
        let both = try configuration(#"{"credsStore":"all","credHelpers":{"gcr.io":"gcloud"}}"#)
        #expect(both.helper(for: "gcr.io") == "gcloud")
        #expect(both.helper(for: "other") == "all")
        #expect(try configuration("{}").helper(for: "gcr.io") == nil)
    }

    @Test(arguments: ["", "../x", "a b", "a/b", "$(x)"])
    func runsNoHelperWithAnUnusableName(_ name: String) async {
        let error = await registryError { _ = try await CredentialHelper(name: name).credentials(for: "h") }
        #expect(error?.category == .unauthorized)
    }
}
