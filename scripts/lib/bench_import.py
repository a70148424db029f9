"""import: from one file into a containerd that holds nothing yet; layers stay packed."""

from bench_containerd import Containerd, choose
from bench_inputs import BIN
from bench_limits import CORES, file_a_blob, sha256
from bench_rounds import Group, Ratios, Row, measure_rounds, summarise

MODES = ["cold"]
ROOT_ONLY = True
SPACE = 8

PIPE = 'set -euo pipefail; archive=$1; shift; zstd -dcq "$archive" | "$@" -'


class Node:
    """Makes the groups of rows for one release of containerd."""

    def __init__(self, inputs, release, number, options):
        self.inputs, self.release, self.options = inputs, release, options
        self.name = f"containerd {release.name}"
        # The first has all rounds; the others may be there for comparison only.
        self.rounds = options.rounds_of_others if number else None

    def group(self, rows, completing=False):
        """rows: given the containerd, (key, title, kind, command, whether layers are unpacked then) of each. What only
        completes the table is measured once with "all"."""
        def made(daemon):
            for key, title, kind, words, unpacked in rows(daemon):
                yield Row(f"{key} {self.release.name}", f"{self.name}: {title}", kind, words, disk=daemon.root,
                          reads=[self.inputs.archive, *([self.inputs.tar] if kind == "peer" else [])],
                          check=daemon.check(self.inputs.corpus.images, unpacked))
        return Group(made, lambda: Containerd(self.release, self.inputs.work / "node", self.options.gunzip_helpers),
                     1 if completing and self.options.brief else self.rounds)

    def ours(self, daemon, *words, archive=None):
        return [BIN / "sealift-installer", "import", archive or self.inputs.archive, "--address", daemon.socket, *words]

    def verify(self, daemon, *words):
        return [BIN / "sealift-installer", "verify", self.inputs.archive, "--node", "--address", daemon.socket, *words]

    def peer(self, daemon, *words):
        return [*daemon.ctr, "images", "import", *words]


def groups(node, options):
    tar = node.inputs.tar
    yield node.group(lambda daemon: [
        ("ours", "sealift-installer import --no-unpack", "ours", node.ours(daemon, "--no-unpack"), False),
        ("again", "the same, everything there", "ours", node.ours(daemon, "--no-unpack"), False),
        ("verify", "sealift-installer verify --node", "ours", node.verify(daemon, "--no-unpack"), False),
    ])
    yield node.group(lambda daemon: [
        ("ctr", "ctr images import --no-unpack of the tar", "peer", node.peer(daemon, "--no-unpack", tar), False),
        *([] if options.quick or options.brief else [
            ("ctr again", "the same, everything there", "peer", node.peer(daemon, "--no-unpack", tar), False)]),
    ])
    if node.release.local:
        yield node.group(lambda daemon: [
            ("ctr local", "ctr images import --local --no-unpack of the tar", "peer",
             node.peer(daemon, "--local", "--no-unpack", tar), False)])
    if not options.quick and node.rounds != 1:
        yield node.group(lambda daemon: [
            ("piped", "zstd -dc, piped into ctr images import --no-unpack", "peer",
             ["bash", "-c", PIPE, "pipe", node.inputs.archive, *node.peer(daemon, "--no-unpack")], False)],
            completing=True)


def bench(inputs, options, modes):
    releases = choose(options.containerd)[:options.most_containerds]
    every = [Group.of(row) for row in [*sha256(inputs), *file_a_blob(inputs)]]
    for number, release in enumerate(releases):
        every += groups(Node(inputs, release, number, options), options)
    taken, dropped = measure_rounds(every, options, modes, inputs.log)
    rows = summarise(taken)
    limit, ratios = ratios_of(rows, releases)
    return {
        "about": inputs.about, "server": "containerd", "dropped": dropped, "rows": rows, "ratios": ratios,
        "limit": limit, "containerds": [release.version for release in releases],
        "notes": [f"Computed limit: {limit:.2f} s. Somebody must read, hash and write every byte, on {CORES} cores, "
                  "and containerd syncs each blob. Memory, reads and writes: the command's + containerd's. Disk is "
                  "what containerd's folder holds."],
    }


def ratios_of(rows, releases):
    made = Ratios(rows)
    work = made.cpu("limit sha256") + made.cpu("limit files")
    limit = max(made.wall("limit files"), work / CORES)
    for name in (release.name for release in releases):
        made.add(f"{name}: import / computed limit", f"ours {name}", (limit, work))
        for key, title in (("ctr", "ctr"), ("ctr local", "ctr --local"), ("piped", "zstd and ctr")):
            made.add(f"{name}: {title} / import", f"{key} {name}", f"ours {name}")
        made.add(f"{name}: ctr / import, everything there", f"ctr again {name}", f"again {name}")
    return limit, made.made
