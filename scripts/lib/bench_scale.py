"""scale: how time, memory and disk grow with the number of images, and with their size."""

import math
import shutil

from bench_containerd import Containerd, choose, offered
from bench_inputs import ARCHIVE, BIN, Corpus, Inputs
from bench_measure import disk_usage, fresh, say
from bench_plot import svg
from bench_rounds import Group, Row, measure_rounds, summarise
from bench_synthetic import SPARSE, huge, many

MODES = ["cold"]
ROOT_ONLY = False
BOTH = ["cold", "warm"]  # of what a person waits for at the keyboard


def bench(inputs, options, modes):
    skipped, points, dropped = [], [], True
    make_room(inputs.work)
    release = (choose(options.containerd) if options.containerd else offered() or [None])[0]
    if release is None or options.root is False:
        release = skipped.append("import, which takes root and a containerd")
    for kind, values in (("images", options.counts), ("gibibytes", options.sizes)):
        for value in values:
            # The archive and what containerd makes of it; the sparse blobs themselves take nothing.
            wanted = (2 * value << 30) if kind == "gibibytes" else 200_000 * value + (1 << 30)
            free = shutil.disk_usage(inputs.work).free
            if free < wanted + options.keep_free:
                skipped.append(f"{counted(value, kind)}, which would need {wanted / 1e9:.0f} GB of the "
                               f"{free / 1e9:.0f} GB that are free, with {options.keep_free / 1e9:.0f} GB to be left")
                continue
            rows, cold = one(inputs, options, modes, release, kind, value)
            points += rows
            dropped = dropped and cold
    not_asked = [size for size in (50,) if size not in options.sizes]
    skipped += [f"{size} GiB, which was not asked for (--sizes)" for size in not_asked]
    return {
        "about": "Images made for this: two layers of 1 KiB, one of them shared by all; and images of 1 GiB, four "
                 "layers of zeros that look compressed and so are packed as they are, served from sparse files "
                 "(reading those costs the registry no disk). Into containerd "
                 f"{release.version if release else '–'}.",
        "server": "registry or containerd", "dropped": dropped, "skipped": skipped, "rows": points,
        "notes": notes(points), "more": pictures(points, options),
    }


def make_room(work):
    """Removes what the verbs before this one, the last, were measured on: gibibytes need the space."""
    for place in work.iterdir():
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()


def counted(value, kind):
    return f"{value:,} GiB" if kind == "gibibytes" else f"{value:,} image{'s' if value > 1 else ''}"


def one(inputs, options, modes, release, kind, value):
    """The rows for one number of images, or of gibibytes."""
    folder = inputs.work / "scale"
    shutil.rmtree(folder, ignore_errors=True)
    say(f"making {counted(value, kind)}")
    (many if kind == "images" else huge)(folder / "corpus", value)
    corpus = Corpus(folder / "corpus", make=False)
    try:
        (folder / "work").mkdir()
        made = Inputs(corpus, folder / "work", inputs.log)
        groups = list(workloads(made, options, release, kind))
        # Many images are many files: enough happens in one round, and an archive of gibibytes should exist once.
        runs = options.runs if kind == "images" and value <= 100 and not options.brief else 1
        taken, dropped = measure_rounds(groups, options, modes, inputs.log, runs)
    finally:
        corpus.close()
        shutil.rmtree(folder, ignore_errors=True)
    rows = summarise(taken)
    for row in rows:
        row.update(by=kind, at=value, title=f"{counted(value, kind)}: {row['title']}")
        if row["key"] == "build":
            row["archive"] = made.size
    return rows, dropped


def workloads(inputs, options, release, kind):
    builder, installer, server = BIN / "sealift", BIN / "sealift-installer", inputs.corpus.server
    dist, archive = inputs.work / "dist", inputs.work / "dist" / ARCHIVE
    words = [] if kind == "images" else ["--no-sbom"]
    if kind == "images":
        lock = [builder, "lock", inputs.bundle, "--lock", inputs.work / "scale.lock", *inputs.mirror,
                "--cache", inputs.work / "lock-cache"]
        yield Group.of(Row("images", "sealift images", "ours", [builder, "images", inputs.bundle],
                           reads=[builder]), modes=BOTH)
        yield Group.of(Row("lock", "sealift lock", "ours", lock), server)

    # The archive stays, for the rows that follow, until it is built anew.
    def keep():
        inputs.size = disk_usage(dist)

    yield Group(lambda server: [
        Row("build", f"sealift build --no-cache {' '.join(words)}".strip(), "ours",
            inputs.build(dist, "--no-cache", *words), disk=dist, check=keep)],
        lambda: _opened(server, dist))
    yield Group.of(Row("inspect", "sealift inspect", "ours", [builder, "inspect", archive],
                       reads=[builder]), modes=BOTH)
    yield Group.of(Row("verify", "sealift-installer verify", "ours", [installer, "verify", archive]))
    if release:
        pack = [] if kind == "images" else ["--no-unpack"]
        yield Group(lambda daemon: [
            Row("import", f"sealift-installer import {' '.join(pack)}".strip(), "ours",
                [installer, "import", archive, "--address", daemon.socket, *pack], disk=daemon.root,
                check=daemon.check(inputs.corpus.images, not pack))],
            lambda: Containerd(release, inputs.work / "node", options.gunzip_helpers))


class _opened:
    """A server that runs already, and a folder that is empty."""

    def __init__(self, server, folder):
        self.server, self.folder = server, folder

    def __enter__(self):
        fresh(self.folder)
        return self.server

    def __exit__(self, *_):
        pass


# ------------------------------------------------------------- the report

FIELDS = {"seconds (wall)": lambda row: row["wall"], "peak RSS, MB": lambda row: row["rss"] / 1e6,
          "disk, MB": lambda row: row["disk"] / 1e6}


def lines_of(points, kind, field):
    lines, cache = {}, min((row["cache"] for row in points if row["key"] == "verify"), default="cold")
    for row in points:
        if row["by"] == kind and row["cache"] == cache:
            lines.setdefault(row["key"], []).append((row["at"], FIELDS[field](row)))
    return lines


def notes(points):
    """How each line grows: the exponent between the last two points, 1 for a straight line through the origin."""
    told = []
    for kind, name in (("images", "images"), ("gibibytes", "GiB")):
        grown = []
        for key, line in lines_of(points, kind, "seconds (wall)").items():
            if len(line) > 1:
                (x1, y1), (x2, y2) = sorted(line)[-2:]
                grown.append(f"{key} {math.log(y2 / y1) / math.log(x2 / x1):.2f}")
        if grown:
            told.append(f"Between the last two numbers of {name} wall time grows with this power of them (1: straight, "
                        f"below: a fixed part weighs in): {', '.join(grown)}.")
    return told


def pictures(points, options):
    """Writes one plot for each thing that grows; returns the lines that show them."""
    told = []
    for kind, label in (("images", "images"), ("gibibytes", "GiB of blobs")):
        panels = {field: lines_of(points, kind, field) for field in FIELDS}
        if options.plots and any(len(line) > 1 for lines in panels.values() for line in lines.values()):
            options.plots.mkdir(parents=True, exist_ok=True)
            path = options.plots / f"scale-{kind}.svg"
            description = f"Seconds, memory and disk over the number of {label}"
            path.write_text(svg(description, label, panels))
            place = path.relative_to(options.markdown.parent) if options.markdown else path
            told += ["", f"![{description}]({place})"]
    return told


assert SPARSE * 4 == 1 << 30  # what the report says of the layers
