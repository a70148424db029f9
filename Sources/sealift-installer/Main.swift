internal import InstallerCommands

@main
enum Main {
    static func main() async { await InstallerCommand.start() }
}
