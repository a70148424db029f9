"""unpack: as import, and every layer is unpacked, so that a container can start at once."""

from bench_containerd import choose
from bench_import import Node
from bench_inputs import offers
from bench_limits import CORES, file_a_blob, sha256, unpacking
from bench_rounds import Group, Ratios, measure_rounds, summarise

MODES = ["cold"]
ROOT_ONLY = True
SPACE = 10


def groups(node, options):
    tar = node.inputs.tar
    yield node.group(lambda daemon: [
        ("ours", "sealift-installer import", "ours", node.ours(daemon), True),
        ("again", "the same, everything there", "ours", node.ours(daemon), True),
        ("verify", "sealift-installer verify --node", "ours", node.verify(daemon), True),
    ])
    if offers("sealift-installer", "import", "--unpacker"):
        yield node.group(lambda daemon: [
            ("daemon", "sealift-installer import --unpacker containerd", "ours",
             node.ours(daemon, "--unpacker", "containerd"), True)], completing=True)
    yield node.group(lambda daemon: [
        ("packed", "sealift-installer import --no-unpack …", "ours", node.ours(daemon, "--no-unpack"), False),
        ("rest", "… then import: only unpacking is left", "ours", node.ours(daemon), True),
    ], completing=True)
    if node.inputs.zstd_archive:
        yield node.group(lambda daemon: [
            ("zstd", "sealift-installer import, built with --layers zstd", "ours",
             node.ours(daemon, archive=node.inputs.zstd_archive), True)], completing=True)
    yield node.group(lambda daemon: [
        ("ctr", "ctr images import of the tar", "peer", node.peer(daemon, tar), True),
        *([] if options.quick or options.brief else [
            ("ctr again", "the same, everything there", "peer", node.peer(daemon, tar), True)]),
    ])
    if node.release.local:
        yield node.group(lambda daemon: [
            ("ctr local", "ctr images import --local of the tar", "peer", node.peer(daemon, "--local", tar), True)])


def bench(inputs, options, modes):
    releases, skipped = choose(options.containerd)[:options.most_containerds], []
    limits = [*sha256(inputs), *file_a_blob(inputs), *unpacking(inputs, skipped, options.brief)]
    every = [Group.of(row) for row in limits]
    for number, release in enumerate(releases):
        every += groups(Node(inputs, release, number, options), options)
    taken, dropped = measure_rounds(every, options, modes, inputs.log)
    rows = summarise(taken)
    limit, ratios, shares = ratios_of(rows, releases)
    helpers = "may use" if options.gunzip_helpers else "is kept from using"
    return {
        "about": inputs.about, "server": "containerd", "dropped": dropped, "skipped": skipped, "rows": rows,
        "ratios": ratios, "limit": limit, "shares": shares, "containerds": [release.version for release in releases],
        "notes": [f"Computed limit: {limit:.2f} s. Somebody must read, hash and write every blob, decompress every "
                  f"layer and hash and write what is in it, on {CORES} cores. containerd {helpers} unpigz and igzip, "
                  "which it takes from PATH. Memory, reads and writes: the command's + containerd's. Disk is what "
                  "containerd's folder holds.",
                  *(f"Of importing into containerd {name}, in two steps, unpacking is {share['wall']:.0%} of the wall "
                    f"time and {share['cpu']:.0%} of the CPU time." for name, share in shares.items())],
    }


def ratios_of(rows, releases):
    made, shares = Ratios(rows), {}
    work = made.cpu("limit files") + made.cpu("limit sha256") + made.cpu("limit unpack")
    limit = max(made.wall("limit files"), work / CORES)
    for name in (release.name for release in releases):
        made.add(f"{name}: import / computed limit", f"ours {name}", (limit, work))
        for key, title in (("daemon", "import --unpacker containerd"), ("ctr", "ctr"), ("ctr local", "ctr --local")):
            made.add(f"{name}: {title} / import", f"{key} {name}", f"ours {name}")
        made.add(f"{name}: gzip layers / layers rebuilt as zstd", f"ours {name}", f"zstd {name}")
        made.add(f"{name}: ctr / import, everything there", f"ctr again {name}", f"again {name}")
        packed, rest = f"packed {name}", f"rest {name}"
        if packed in made and rest in made:
            shares[name] = {"wall": made.wall(rest) / (made.wall(packed) + made.wall(rest)),
                            "cpu": made.cpu(rest) / (made.cpu(packed) + made.cpu(rest))}
    return limit, made.made, shares
