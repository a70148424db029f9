"""rebuild: the same once more; nothing has changed, and what a tool keeps between builds is there."""

from bench_inputs import BIN
from bench_limits import one_file
from bench_peers import second_builds
from bench_rounds import Group, Ratios, Row, measure_rounds, summarise

MODES = ["cold"]
ROOT_ONLY = False
SPACE = 11


def bench(inputs, options, modes):
    skipped, rows = [], []
    for key, title, words in (("cached", "sealift build, full cache", []),
                              ("cached bare", "sealift build --no-sbom, full cache", ["--no-sbom"])):
        folder = inputs.work / f"fresh-{key.replace(' ', '-')}"
        rows.append(Row(key, title, "ours", inputs.build(folder, "--cache", inputs.cache, *words), disk=folder,
                        empties=[folder], reads=[inputs.cache, BIN / "sealift"]))
    rows += [*second_builds(inputs, skipped, inputs.make), *list(one_file(inputs))[:2]]
    groups = [Group.of(row, inputs.corpus.server) for row in rows]
    taken, dropped = measure_rounds(groups, options, modes, inputs.log)
    rows = summarise(taken)
    made = Ratios(rows)
    for key, name in (("cached", "full cache"), ("cached bare", "full cache, --no-sbom")):
        made.add(f"{name} / copy and fsync", key, "limit copy fsync")
    for key in made.rows:
        if key.startswith("peer"):
            made.add(f"{key.removeprefix('peer ')} / full cache", key, "cached")
    return {"about": inputs.about, "server": "registry", "dropped": dropped, "skipped": skipped, "rows": rows,
            "ratios": made.made, "notes": ["Disk is what the second build added; no peer syncs what it wrote."]}
