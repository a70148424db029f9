import BundleFormat
import Glibc
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import BundleInstaller

@Suite struct ParametersTests {
    private func description(_ parameters: [Parameter], profiles: [String: [String: String]] = [:]) -> BundleDescription
    {
        BundleDescription(
            name: "demo", version: "1", description: nil, platforms: [.current], kubernetes: nil,
            parameters: parameters, profiles: profiles, stages: [], images: [], files: [], builtWith: "0")
    }

    private let password = Parameter(
        name: "password", kind: .string, generate: .init(length: 24, format: Parameter.Generator.alphanumeric))
    private let cluster = Parameter(
        name: "cluster", kind: .string, generate: .init(length: 22, format: Parameter.Generator.uuid))
    private let address = Parameter(
        name: "address", kind: .host, generate: .init(length: 0, format: Parameter.Generator.nodeAddress))
    private let folder = Parameter(name: "dataDir", kind: .path, value: "/tmp")

    @Test func generatesOnceAndKeeps() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("parameters.json")
        let bundle = description([password, cluster, address, folder])
        let first = try Parameters(
            of: bundle, profile: nil, overrides: [:], keptAt: path, nodeAddress: "192.0.2.7")
        #expect(first.values["password"]?.count == 24)
        #expect(first.values["cluster"]?.count == 22)
        #expect(first.values["cluster"]?.hasPrefix("-") == false)
        #expect(first.values["address"] == "192.0.2.7")
        #expect(first.generated == ["password", "cluster"])
        try first.keep(at: path)
        let second = try Parameters(
            of: bundle, profile: nil, overrides: [:], keptAt: path, nodeAddress: "192.0.2.8")
        #expect(second.values["password"] == first.values["password"])
        #expect(second.values["cluster"] == first.values["cluster"])
        #expect(second.values["address"] == "192.0.2.8", "an address is found, not generated")
        #expect(try Parameters(keptAt: path) == first)
    }

    /// Data is on the node that had it: another name of the host changes nothing.
    @Test func aNodesNameIsFoundOnce() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("parameters.json")
        let bundle = description([
            Parameter(name: "node", kind: .host, generate: .init(length: 0, format: Parameter.Generator.nodeName))
        ])
        func parameters(_ name: String?, _ overrides: [String: String] = [:]) throws -> Parameters {
            try Parameters(
                of: bundle, profile: nil, overrides: overrides, keptAt: path, nodeAddress: nil, nodeName: name)
        }
        #expect(throws: InstallError.self) { try parameters(nil) }
        let first = try parameters("harbour-1")
        #expect(first.values == ["node": "harbour-1"])
        #expect(first.generated.isEmpty, "it is no secret")
        try first.keep(at: path)
        #expect(try parameters("harbour-2").values == ["node": "harbour-1"])
        #expect(try parameters("harbour-2", ["node": "elsewhere"]).values == ["node": "elsewhere"])
    }

    @Test func twoInstallationsHaveDifferentSecrets() throws {
        let bundle = description([password, cluster])
        let values = try (0..<50).map { _ in
            try Parameters(of: bundle, profile: nil, overrides: [:], keptAt: "/nowhere", nodeAddress: nil).values
        }
        #expect(Set(values.compactMap { $0["password"] }).count == 50)
        #expect(Set(values.compactMap { $0["cluster"] }).count == 50)
    }

    @Test func onlyRootReadsThem() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("parameters.json")
        try Parameters(
            of: description([password]), profile: nil, overrides: [:], keptAt: path, nodeAddress: nil
        ).keep(at: path)
        var status = stat()
        #expect(stat(path.string, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func whatWasChosenBeforeStillCounts() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("parameters.json")
        let bundle = description([folder, password], profiles: ["small": ["dataDir": "/small"]])
        try Parameters(
            of: bundle, profile: nil, overrides: ["dataDir": "/srv"], keptAt: path, nodeAddress: nil
        ).keep(at: path)
        let again = try Parameters(of: bundle, profile: nil, overrides: [:], keptAt: path, nodeAddress: nil)
        #expect(again.values["dataDir"] == "/srv")
        let now = try Parameters(
            of: bundle, profile: "small", overrides: ["dataDir": "/new"], keptAt: path, nodeAddress: nil)
        #expect(now.values["dataDir"] == "/new")
        var other = bundle
        other.profiles = ["small": ["dataDir": "/small"], "near": [:]]
        try Parameters(of: other, profile: "near,small", overrides: [:], keptAt: path, nodeAddress: nil).keep(at: path)
        let dropped = try Parameters.known(of: bundle, profile: nil, overrides: [:], keptAt: path)
        #expect(dropped.profile == "small", "a profile that is no more is forgotten, the other is not")
        let without = try Parameters(
            of: description([password]), profile: nil, overrides: [:], keptAt: path, nodeAddress: nil)
        #expect(without.overrides.isEmpty, "a parameter that is no more is forgotten")
    }

    @Test func namesEveryParameterWithoutAValue() throws {
        let bundle = description([Parameter(name: "host", kind: .host, description: "the site's name"), address])
        #expect {
            try Parameters(of: bundle, profile: nil, overrides: [:], keptAt: "/nowhere", nodeAddress: nil)
        } throws: { error in
            "\(error)".contains("host (the site's name)") && "\(error)".contains("address (this node's address)")
        }
    }
}
