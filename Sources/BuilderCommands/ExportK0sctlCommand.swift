internal import ArgumentParser
internal import BundleFormat
internal import CommandSupport
internal import Definition
internal import Glibc
internal import OCI
internal import SystemPackage

/// `sealift export k0sctl BUNDLE`.
struct ExportK0sctlCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "k0sctl",
        abstract: "Write the configuration with which k0sctl brings up a cluster of a bundle's k0s and images.",
        discussion: """
            With --output, the bundle's k0s is put beside the file, where k0sctl takes it from. Each host gets the \
            bundle and the installer over ssh, and imports its images before k0sctl waits for it. No host needs more \
            of a network than the others.

            EXAMPLES:
              sealift export k0sctl hello-1.0.tar.zst --controller 10.0.0.1
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(
        help: ArgumentHelp(
            "A host that runs the API, and pods as well. Repeatable; an odd number.", valueName: "[user@]address[:port]"
        ))
    var controller: [String] = []

    @Option(help: ArgumentHelp("A host that runs pods only. Repeatable.", valueName: "[user@]address[:port]"))
    var worker: [String] = []

    @Option(
        help: ArgumentHelp("Who logs in to hosts that name nobody; root, or somebody who may sudo.", valueName: "name"))
    var user = "root"

    @Option(help: ArgumentHelp("The private key to log in with; without it, what ssh would take.", valueName: "file"))
    var sshKey: String?

    @Option(
        help: ArgumentHelp(
            "The installer to upload; without it, sealift-installer beside the bundle.", valueName: "file"),
        completion: .file())
    var installer: String?

    @Option(help: ArgumentHelp("The hosts' platform, where the bundle is for several.", valueName: "os/arch"))
    var platform: String?

    @Option(
        help: ArgumentHelp("Give a parameter of k0s' configuration a value; may be repeated.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("Take the values of a profile, or of several.", valueName: "name,…"))
    var profile: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to a new file, and k0s beside it; without it, print.", valueName: "file"),
        completion: .file())
    var output: String?

    @OptionGroup var keys: KeyArguments

    @OptionGroup var verbosity: VerbosityArguments

    func validate() throws {
        guard !controller.isEmpty else { throw ValidationError("name at least one --controller") }
        for text in controller + worker where FleetHost(text) == nil {
            throw ValidationError("'\(text)' is no host: [USER@]ADDRESS[:PORT]")
        }
        let hosts = (controller + worker).compactMap { FleetHost($0)?.address }
        if let twice = hosts.first(where: { host in hosts.filter { $0 == host }.count > 1 }) {
            throw ValidationError("\(twice) is named twice: a host has one role")
        }
        // etcd decides by majority: a second controller makes it fail sooner, not later.
        guard controller.count % 2 == 1 else {
            throw ValidationError("\(controller.count) controllers: take an odd number")
        }
        for text in set where !text.contains("=") { throw ValidationError("--set takes NAME=VALUE, not '\(text)'") }
    }

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let bundle = try keys.open(path)
            bundle.announceSignature()
            guard let kubernetes = bundle.description.kubernetes, kubernetes.distribution == "k0s" else {
                throw Failure(
                    "\(path) brings no k0s that k0sctl could install",
                    hint: "images alone get onto nodes with 'sealift-installer import', or from a registry", code: .data
                )
            }
            guard !bundle.isParted else {
                throw Failure(
                    "\(path) is in parts, and k0sctl uploads one file", hint: "put it together with 'sealift join'",
                    code: .data)
            }
            guard bundle.leftOut.isEmpty else {
                throw Failure(
                    "\(path) is a delta: new hosts have nothing of what it leaves to its base",
                    hint: "export from a bundle that was built without --since", code: .data)
            }
            let place = output.map { FilePath($0) }
            let title = try program(of: kubernetes)
            let name = "k0s-\(kubernetes.version)-\(title.architecture)"
            let document = K0sctlDocument(
                name: bundle.description.name, version: kubernetes.version,
                controllers: controller.compactMap { FleetHost($0) }, workers: worker.compactMap { FleetHost($0) },
                user: user, keyPath: sshKey, program: name, bundle: try seen(FilePath(path), from: place),
                installer: try seen(uploaded(), from: place),
                bundleName: "\(bundle.description.name)-\(bundle.description.version).tar.zst",
                configuration: try kubernetes.config.map { try configuration($0, of: bundle) })
            guard let place else {
                Message.note("k0sctl wants the bundle's k0s as \(name): --output puts it there")
                return Terminal.standardOutput.write(document.text)
            }
            try write(document, with: title.title, as: name, of: bundle, to: place)
        }
    }

    private func write(
        _ document: K0sctlDocument, with title: String, as name: String, of bundle: BundleReader, to place: FilePath
    ) throws {
        guard access(place.string, F_OK) != 0 else {
            throw Failure("\(place) is there already", hint: "choose another name, or delete it", code: .cantCreate)
        }
        let program = place.removingLastComponent().appending(name)
        try DurableFile.write(to: program, mode: FilePermissions(rawValue: 0o755)) { file, _ in
            try bundle.readFile(title) { _ = try file.writeAll($0) }
        }
        try DurableFile.write(Array(document.text.utf8), to: place)
        Message.note("wrote \(place) and \(program); run 'k0sctl apply' in that folder")
    }

    /// The k0s for the hosts' platform: its title in the bundle, and the architecture that it is for.
    private func program(
        of kubernetes: BundleDescription.Kubernetes
    ) throws -> (title: String, architecture: String) {
        let known = kubernetes.binaries.keys.sorted()
        let wanted =
            try platform.map { try Platform(parsing: $0).description } ?? (known.count == 1 ? known.first : nil)
        guard let wanted else {
            throw Failure(
                "the bundle has a k0s for \(known.joined(separator: ", "))", hint: "choose one with --platform",
                code: .data)
        }
        guard let title = kubernetes.binaries[wanted] else {
            throw Failure(
                "the bundle has no k0s for \(wanted)", hint: "it has one for \(known.joined(separator: ", "))",
                code: .data)
        }
        return (title, wanted.split(separator: "/").dropFirst().joined(separator: "-"))
    }

    private func uploaded() throws -> FilePath {
        let file =
            installer.map { FilePath($0) }
            ?? FilePath(path).removingLastComponent().appending("sealift-installer")
        guard access(file.string, R_OK) == 0 else {
            throw Failure(
                "there is no installer at \(file)",
                hint: "name it with --installer; 'sealift build' puts one beside "
                    + "the bundle", code: .noInput)
        }
        return file
    }

    /// The bundle's k0s.yaml for the first controller; k0sctl puts each one's own address in.
    private func configuration(_ title: String, of bundle: BundleReader) throws -> String {
        var bytes: [UInt8] = []
        try bundle.readFile(title) { bytes += $0 }
        let parameters = bundle.description.parameters
        let pairs = set.map { text -> (String, String) in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
        var values = try Parameter.resolve(
            parameters, profiles: bundle.description.profiles, profile: profile,
            overrides: Dictionary(pairs) { _, last in last })
        for parameter in parameters
        where values[parameter.name] == nil && parameter.generate?.format == Parameter.Generator.nodeAddress {
            values[parameter.name] = controller.first.flatMap { FleetHost($0)?.address }
        }
        let expansion = try ParameterExpansion(parameters: parameters, values: values)
        return try YAMLText.block(
            try expansion.expand(String(decoding: bytes, as: UTF8.self)), file: title, indent: 6)
    }

    /// A file as k0sctl is to name it: relative where it is beside the output, so that the folder can be carried away.
    private func seen(_ file: FilePath, from place: FilePath?) throws -> String {
        guard let real = realpath(file.string, nil) else {
            throw Failure("can't find \(file): \(Errno(rawValue: errno))", code: .noInput)
        }
        defer { free(real) }
        let path = FilePath(String(cString: real))
        let folder = place.map { $0.removingLastComponent() } ?? "."
        guard let here = realpath(folder.string.isEmpty ? "." : folder.string, nil) else {
            throw Failure("can't find the folder \(folder): \(Errno(rawValue: errno))", code: .cantCreate)
        }
        defer { free(here) }
        guard path.removingLastComponent() == FilePath(String(cString: here)), let name = path.lastComponent else {
            return path.string
        }
        return name.string
    }
}
