internal import ArgumentParser
internal import BundleDistribution
internal import CommandSupport
internal import SystemPackage

/// `sealift export hosts BUNDLE --server URL`.
struct ExportHostsCommand: TalkingCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Tell containerd on nodes where to pull the bundle's images from.",
        discussion: """
            One hosts.toml for each registry that the bundle has images of, for the folder that containerd's config_path \
            names, often /etc/containerd/certs.d. The server is 'sealift serve', or a registry that has the images under \
            their own paths. Without --output the files are printed.

            EXAMPLES:
              sealift export hosts dist/hello-1.0.tar.zst --server http://10.0.0.5:5000
            """)

    @Argument(help: ArgumentHelp("The bundle's archive.", valueName: "bundle"), completion: .file(extensions: ["zst"]))
    var path: String

    @Option(help: ArgumentHelp("Where nodes pull from: http://10.0.0.5:5000.", valueName: "url"))
    var server: String

    @Option(help: ArgumentHelp("The folder for HOST/hosts.toml.", valueName: "dir"), completion: .directory)
    var output: String?

    @OptionGroup var keys: KeyArguments

    @OptionGroup var verbosity: VerbosityArguments

    func run() async throws {
        try await runCommand(explaining: Failure.explainingBuild) { [self] in
            let server = try HostsFile.server(server)
            let files = try HostsFile.all(for: try keys.open(path), server: server)
            guard let output else {
                let text = files.map { "# \($0.path)\n\($0.text)" }.joined(separator: "\n")
                return Terminal.standardOutput.write(text)
            }
            for path in try HostsFile.write(files, below: FilePath(output)) {
                Terminal.standardOutput.write("\(path)\n")
            }
        }
    }
}
