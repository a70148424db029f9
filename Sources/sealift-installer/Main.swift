internal import CommandSupport
internal import InstallerCommands

@main
enum Main {
    static func main() async {
        Interruption.prepare()
        await InstallerCommand.main()
    }
}
