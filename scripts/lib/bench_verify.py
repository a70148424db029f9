"""verify: every byte of an archive against its digests."""

from bench_inputs import BIN
from bench_limits import sha256
from bench_rounds import Group, Ratios, Row, measure_rounds, summarise

MODES = ["cold", "warm"]
ROOT_ONLY = False
SPACE = 6


def bench(inputs, options, modes):
    archive = inputs.archive
    rows = [
        Row("builder", "sealift verify", "ours", [BIN / "sealift", "verify", archive], reads=[archive]),
        Row("installer", "sealift-installer verify", "ours", [BIN / "sealift-installer", "verify", archive],
            reads=[archive]),
        Row("checksum", "openssl dgst -sha256 of the archive, as for a checksum beside it", "peer",
            ["openssl", "dgst", "-sha256", archive], reads=[archive]),
        Row("read", "limit: reading the archive", "limit", ["bash", "-c", 'cat "$1" | cat >/dev/null', "read", archive],
            reads=[archive]),
        *sha256(inputs),
    ]
    taken, dropped = measure_rounds([Group.of(row) for row in rows], options, modes, inputs.log)
    rows = summarise(taken)
    made = Ratios(rows)
    made.add("sealift verify / SHA-256 on all cores", "builder", "limit sha256")
    made.add("sealift-installer verify / SHA-256 on all cores", "installer", "limit sha256")
    made.add("openssl of the archive / sealift verify", "checksum", "builder")
    return {"about": inputs.about, "dropped": dropped, "rows": rows, "ratios": made.made,
            "notes": ["Ratios are those of the cold runs, if there are any."]}
