internal import ArgumentParser
internal import NodeImages

/// Who unpacks layers.
struct UnpackArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Who unpacks layers: auto (this program, wherever that gives exactly what containerd would), or containerd.
            """))
    var unpacker = ImageImport.Unpacker.auto
}

extension ImageImport.Unpacker: ExpressibleByArgument {}
