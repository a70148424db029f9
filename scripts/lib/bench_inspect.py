"""inspect: what is in an archive, and what a definition needs."""

from bench_inputs import BIN
from bench_rounds import Group, Ratios, Row, measure_rounds, summarise

MODES = ["cold", "warm"]
ROOT_ONLY = False
SPACE = 6


def bench(inputs, options, modes):
    archive, builder, installer = inputs.archive, BIN / "sealift", BIN / "sealift-installer"
    # Files are read before each warm run, but of the archive only what is in the page cache by itself.
    rows = [
        Row("inspect", "sealift inspect", "ours", [builder, "inspect", archive], reads=[builder]),
        Row("json", "sealift inspect --format json", "ours", [builder, "inspect", archive, "--format", "json"],
            reads=[builder]),
        Row("installer", "sealift-installer inspect", "ours", [installer, "inspect", archive], reads=[installer]),
        Row("images", "sealift images", "ours", [builder, "images", inputs.bundle], reads=[builder]),
        Row("help", "limit: sealift --help, which only starts", "limit", [builder, "--help"], reads=[builder]),
        Row("tar", "tar --zstd -t of the archive", "peer", ["tar", "--zstd", "-tf", archive], reads=[archive],
            once=options.quick),
    ]
    taken, dropped = measure_rounds([Group.of(row) for row in rows], options, modes, inputs.log)
    rows = summarise(taken)
    made = Ratios(rows)
    made.add("inspect / start", "inspect", "help")
    made.add("tar -t / inspect", "tar", "inspect")
    return {"about": inputs.about, "dropped": dropped, "rows": rows, "ratios": made.made,
            "notes": ["Each wall time has 1 to 2 ms of starting the command in it."]}
