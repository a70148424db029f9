"""build: from the registry to one file on the disk, with nothing there before."""

from bench_inputs import BIN, offers
from bench_limits import CORES, network, one_file, sha256
from bench_measure import fail
from bench_peers import first_builds
from bench_rounds import Group, Ratios, Row, measure_rounds, summarise

MODES = ["cold"]
# Rows that only complete the table: with "all" they are measured once.
COMPLETING = ["cached bare", "limit network", "limit copy", "limit write"]
ROOT_ONLY = False
SPACE = 8  # times the size of all blobs


class SameArchive:
    """Fails when builds of the same lock and contents differ in a byte."""

    def __init__(self):
        self.seen = {}

    def check(self, contents, folder):
        def look():
            found = {file.name: file.read_text().split()[0] for file in folder.glob("dist/*.sha256")}
            if not found or self.seen.setdefault(contents, found) != found:
                fail("the same lock did not give the same archive")
        return look


def ours(inputs, same):
    """(key, title, whether there is a cache, what else is said)"""
    kinds = [
        ("cached", "sealift build, empty cache", True, []),
        ("cached bare", "sealift build --no-sbom, empty cache", True, ["--no-sbom"]),
        ("streamed", "sealift build --no-cache", False, []),
        ("streamed bare", "sealift build --no-cache --no-sbom", False, ["--no-sbom"]),
    ]
    if offers("sealift", "build", "--layers"):
        kinds.append(("zstd", "sealift build --layers zstd, empty cache", True, ["--layers", "zstd"]))
    for key, title, cached, words in kinds:
        folder = inputs.work / f"fresh-{key.replace(' ', '-')}"
        cache = ["--cache", folder / "cache"] if cached else ["--no-cache"]
        yield Row(key, title, "ours", inputs.build(folder / "dist", *cache, *words), disk=folder, empties=[folder],
                  reads=[inputs.storage, BIN / "sealift"], check=same.check(tuple(words), folder))


def bench(inputs, options, modes):
    skipped, same = [], SameArchive()
    rows = [*ours(inputs, same), *first_builds(inputs, skipped), *network(inputs), *sha256(inputs), *one_file(inputs)]
    for row in rows:
        if row.kind == "peer":
            row.reads = [inputs.storage]
        row.once = options.brief and row.key in COMPLETING
    groups = [Group.of(row, inputs.corpus.server) for row in rows]
    taken, dropped = measure_rounds(groups, options, modes, inputs.log)
    rows = summarise(taken)
    limit, ratios = ratios_of(rows)
    return {
        "about": inputs.about, "server": "registry", "dropped": dropped, "skipped": skipped, "rows": rows,
        "ratios": ratios, "limit": limit,
        "notes": [f"Computed limit: {limit:.2f} s. No build can end before its bytes are on the disk (curl and sync), "
                  f"nor before {CORES} cores have received, served and hashed them. No peer syncs what it wrote."],
    }


def ratios_of(rows):
    made = Ratios(rows)
    work = made.cpu("limit fetch") + made.cpu("limit sha256")
    limit = max(made.wall("limit fetch"), work / CORES)
    for key, name in (("streamed bare", "--no-cache --no-sbom"), ("streamed", "--no-cache"),
                      ("cached bare", "--no-sbom, empty cache"), ("cached", "empty cache")):
        made.add(f"{name} / computed limit", key, (limit, work))
    made.add("--no-cache --no-sbom / copy and fsync", "streamed bare", "limit copy fsync")
    for key in made.rows:
        if key.startswith("peer"):
            made.add(f"{key.removeprefix('peer ')} / --no-cache --no-sbom", key, "streamed bare")
            made.add(f"{key.removeprefix('peer ')} / --no-cache", key, "streamed")
    made.add("bill of materials: --no-cache with / without", "streamed", "streamed bare")
    return limit, made.made
