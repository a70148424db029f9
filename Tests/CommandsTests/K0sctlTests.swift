import ArgumentParser
import Definition
import Testing
import Yams

@testable import BuilderCommands

/// What k0sctl would make of the file, told by its documented fields: it refuses unknown ones and wrong roles.
@Suite struct K0sctlTests {
    private func document(
        controllers: [String] = ["192.0.2.11"], workers: [String] = [], user: String = "root", keyPath: String? = nil,
        configuration: String? = nil
    ) throws -> Node {
        let document = K0sctlDocument(
            name: "harbour", version: "v1.36.3+k0s.0", controllers: controllers.compactMap { FleetHost($0) },
            workers: workers.compactMap { FleetHost($0) }, user: user, keyPath: keyPath,
            program: "k0s-v1.36.3+k0s.0-amd64", bundle: "/media/a \"b\".tar.zst", installer: "sealift-installer",
            bundleName: "harbour-1.0.0.tar.zst",
            configuration: try configuration.map { try YAMLText.block($0, file: "k0s.yaml", indent: 6) })
        return try #require(try Yams.compose(yaml: document.text))
    }

    private func keys(_ node: Node?) -> Set<String> { Set((node?.mapping?.keys).map { $0.compactMap(\.string) } ?? []) }

    private func expectHost(_ host: Node) {
        let known: Set = [
            "role", "ssh", "privateAddress", "uploadBinary", "k0sBinaryPath", "installFlags", "files", "noTaints",
            "hooks",
        ]
        #expect(keys(host).isSubset(of: known))
        #expect(keys(host["ssh"]).isSubset(of: ["address", "user", "port", "keyPath"]))
        #expect(host["ssh"]?["port"]?.int.map { (1...65535).contains($0) } == true)
        let role = host["role"]?.string
        #expect(role == "controller+worker" || role == "worker")
        #expect((host["noTaints"]?.bool == true) == (role == "controller+worker"), "k0sctl takes it of no other role")
        #expect(host["uploadBinary"]?.bool == true)
        let files = host["files"]?.sequence.map(Array.init) ?? []
        #expect(files.count == 2)
        for file in files {
            #expect(keys(file) == ["name", "src", "dst", "perm", "dirPerm"])
            #expect(file["dst"]?.string?.hasPrefix("/") == true)
            for field in ["perm", "dirPerm"] {
                #expect(file[field]?.string?.count == 4 && file[field]?.tag == Tag(.str), "an integer means decimal")
            }
        }
        #expect(keys(host["hooks"]) == ["apply"])
        #expect(keys(host["hooks"]?["apply"]) == ["before", "after"])
        for stage in ["before", "after"] {
            let commands = host["hooks"]?["apply"]?[stage]?.sequence.map(Array.init) ?? []
            #expect(!commands.isEmpty && commands.allSatisfy { $0.tag == Tag(.str) })
        }
    }

    @Test func hasTheDocumentedForm() throws {
        let node = try document(
            controllers: ["ops@192.0.2.11", "192.0.2.12:2222", "[2001:db8::3]:22"], workers: ["node.example"],
            user: "admin", keyPath: "~/.ssh/fleet")
        #expect(keys(node) == ["apiVersion", "kind", "metadata", "spec"])
        #expect(node["apiVersion"]?.string == "k0sctl.k0sproject.io/v1beta1")
        #expect(node["kind"]?.string == "Cluster" && node["metadata"]?["name"]?.string == "harbour")
        #expect(keys(node["spec"]) == ["hosts", "k0s"])
        let hosts = node["spec"]?["hosts"]?.sequence.map(Array.init) ?? []
        try #require(hosts.count == 4)
        hosts.forEach(expectHost)
        #expect(
            hosts.map { $0["ssh"]?["address"]?.string } == ["192.0.2.11", "192.0.2.12", "2001:db8::3", "node.example"])
        #expect(hosts.map { $0["ssh"]?["user"]?.string } == ["ops", "admin", "admin", "admin"])
        #expect(hosts.map { $0["ssh"]?["port"]?.int } == [22, 2222, 22, 22])
        #expect(hosts.map { $0["privateAddress"]?.string } == ["192.0.2.11", "192.0.2.12", "2001:db8::3", nil])
        #expect(hosts.map { $0["role"]?.string }.last == "worker")
        #expect(hosts[0]["files"]?[0]?["src"]?.string == "/media/a \"b\".tar.zst")
        #expect(keys(node["spec"]?["k0s"]) == ["version", "dynamicConfig"])
        #expect(node["spec"]?["k0s"]?["version"]?.string == "v1.36.3+k0s.0")
    }

    @Test(arguments: [("root", false), ("admin", true)]) func onlyOthersThanRootNeedSudo(_ user: String, _ needs: Bool)
        throws
    {
        let hooks = try document(user: user)["spec"]?["hosts"]?[0]?["hooks"]?["apply"]
        let commands = ["before", "after"].flatMap { hooks?[$0]?.sequence?.compactMap(\.string) ?? [] }
        #expect(commands.count == 3)
        #expect(commands.contains { $0.contains("sudo ") } == needs)
        #expect(commands[0].contains("sealift-installer import /var/lib/sealift/media/harbour-1.0.0.tar.zst"))
        #expect(commands[2].contains("verify /var/lib/sealift/media/harbour-1.0.0.tar.zst --node"))
    }

    @Test func embedsTheConfiguration() throws {
        let text = """
            # a comment
            apiVersion: k0s.k0sproject.io/v1beta1
            kind: ClusterConfig
            metadata: {name: k0s}
            spec:
              api: {address: 192.0.2.11, sans: ["0123", 'a b']}
              extensions:
                note: |
                  two
                    lines
              telemetry: {enabled: false}
            """
        let config = try #require(try document(configuration: text)["spec"]?["k0s"]?["config"])
        #expect(config == (try Yams.compose(yaml: text)))
        #expect(config["spec"]?["api"]?["sans"]?[0]?.tag == Tag(.str))
        #expect(throws: DefinitionError.self) { try YAMLText.block("- a", file: "k0s.yaml", indent: 6) }
        #expect(throws: DefinitionError.self) { try YAMLText.block("a: 1\n---\nb: 2", file: "k0s.yaml", indent: 6) }
    }

    @Test(
        arguments: [
            ("192.0.2.1", "192.0.2.1", nil, nil), ("root@host-1.example:2222", "host-1.example", "root", 2222),
            ("[2001:db8::1]:22", "2001:db8::1", nil, 22), ("2001:db8::1", "2001:db8::1", nil, nil),
        ] as [(String, String, String?, Int?)])
    func readsHosts(_ text: String, _ address: String, _ user: String?, _ port: Int?) throws {
        let host = try #require(FleetHost(text))
        #expect(host.address == address && host.user == user && host.port == port)
    }

    @Test(arguments: [
        "", "@host", "user@", "host:", "host:0", "host:70000", "host:x", "-oProxyCommand=x", "a b", "[::1", "[::1]x",
        "u;x@host",
    ])
    func refusesWhatIsNoHost(_ text: String) { #expect(FleetHost(text) == nil) }

    @Test(arguments: [
        [], ["--controller", "a", "--controller", "b"], ["--controller", "a", "--worker", "a"],
        ["--controller", "a b"],
        ["--controller", "a", "--set", "x"],
    ]) func refusesWhatIsNoFleet(_ arguments: [String]) {
        #expect(throws: (any Error).self) {
            try SealiftCommand.parseAsRoot(["export", "k0sctl", "bundle"] + arguments)
        }
    }
}
