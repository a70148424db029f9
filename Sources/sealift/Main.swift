internal import BuilderCommands

@main
enum Main {
    static func main() async { await SealiftCommand.start() }
}
