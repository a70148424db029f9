"""scripts/bench import: sealift-installer import next to ctr doing the same work and next to the machine's limits."""

import shutil
import subprocess
import time
from pathlib import Path

from bench_common import (
    BIN, CORES, SHA256, conditions, cpu_of, disk_usage, drop_page_cache, fail, fresh, measure, prepare, ratio_table,
    run, say, summarise,
)

CONFIGURATION = """version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/socket"
[ttrpc]
  address = "{folder}/socket.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{folder}/opt"
"""


class Containerd:
    """A containerd that holds nothing yet, in folders of its own, for as long as this is open."""

    def __init__(self, program, folder):
        self.folder, self.socket = folder, folder / "socket"
        self.ctr = [program.with_name("ctr"), "-a", self.socket, "-n", "k8s.io"]
        fresh(folder)
        (folder / "config.toml").write_text(CONFIGURATION.format(folder=folder))
        with open(folder / "log", "w", encoding="utf-8") as log:
            # Should this script be killed, the kernel takes containerd with it.
            command = ["setpriv", "--pdeathsig", "KILL", program, "--config", folder / "config.toml"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(300):
            if not subprocess.run([*self.ctr, "version"], capture_output=True, check=False).returncode:
                return self
            time.sleep(0.1)
        fail(f"containerd does not answer:\n{(self.folder / 'log').read_text()[-2000:]}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in sorted((place for place in mounts if place.startswith(f"{self.folder}/")), reverse=True):
            run("umount", "-l", mount)
        shutil.rmtree(self.folder)

    def cpu(self):
        return cpu_of(self.process.pid)

    def names(self):
        found = subprocess.run([*self.ctr, "images", "ls", "-q"], capture_output=True, check=True)
        return set(found.stdout.decode().split())


# ------------------------------------------------------------- the work

PIPE = 'set -euo pipefail; archive=$1; shift; zstd -dcq "$archive" | "$@" -'
GUNZIP = """
find "$1" -type f -printf "%s %p\\n" | sort -rn | cut -d" " -f2- | xargs -P "$2" -n 1 bash -c '
    if [ "$(head -c 2 "$0" | od -An -tx1)" = " 1f 8b" ]; then gzip -dc "$0" >/dev/null; fi'
"""
COPY = """
find "$1" -type f -printf "%s %f\\n" | sort -rn | cut -d" " -f2- | xargs -P "$3" -n 1 bash -c '
    cat "$0/$2" >"$1/$2"; sync "$1/$2"' "$1" "$2"
"""


def limits(work):
    """(key, title, command)"""
    blobs, copied = work / "blobs", work / "fresh-copy"
    return [
        ("sha256", f"limit: read and SHA-256 all blobs, openssl, {CORES} at a time",
            ["bash", "-c", SHA256, "sha256", blobs, CORES]),
        ("copy", f"limit: copy each blob to a file, fsync, {CORES} at a time",
            ["bash", "-c", COPY, "copy", blobs, copied, CORES]),
        ("gunzip", f"limit: gunzip of all layers by gzip, {CORES} at a time",
            ["bash", "-c", GUNZIP, "gunzip", blobs, CORES]),
    ]


GROUPS = 5


def imports(daemon, archive, tar):
    """GROUPS lists of (key, title, command); each list runs in order on a containerd that is empty at first."""
    node = ["--address", daemon.socket]
    ours = [BIN / "sealift-installer", "import", archive, *node]
    verify = [BIN / "sealift-installer", "verify", archive, "--node", *node]
    peer, packed = [*daemon.ctr, "images", "import"], "--no-unpack"
    return [
        [("packed", "sealift-installer import --no-unpack", [*ours, packed])],
        [("peer packed", "ctr images import --no-unpack of the tar", [*peer, packed, tar])],
        [("piped packed", "zstd -dc, piped into ctr images import --no-unpack -",
            ["bash", "-c", PIPE, "pipe", archive, *peer, packed])],
        [("unpacked", "sealift-installer import", ours),
            ("again", "sealift-installer import, everything there", ours),
            ("verify", "sealift-installer verify --node", verify)],
        [("peer unpacked", "ctr images import of the tar", [*peer, tar]),
            ("peer again", "ctr images import, everything there", [*peer, tar])],
    ]


def measure_all(program, images, work, archive, runs, log):
    """Key -> its samples, key -> its title, and whether the page cache was cold."""
    samples, titles, cold, tar = {}, {}, True, work / "all.tar"

    def take(number, key, title, command, daemon=None):
        nonlocal cold
        cold = drop_page_cache() and cold
        sample = measure(command, log, daemon.cpu if daemon else None)
        if daemon:
            sample["disk"] = disk_usage(daemon.folder / "root")
        titles[key] = title
        samples.setdefault(key, []).append(sample)
        say(f"round {number + 1}: {title}: {sample['wall']:.2f} s")

    for number in range(runs):
        for key, title, command in limits(work):
            fresh(work / "fresh-copy")
            take(number, key, title, command)
        shutil.rmtree(work / "fresh-copy")
        for group in range(GROUPS):
            with Containerd(program, work / "node") as daemon:
                for key, title, command in imports(daemon, archive, tar)[group]:
                    take(number, key, title, command, daemon)
                lost = {f"docker.io/{image}" for image in images} - daemon.names()
                if lost:
                    fail(f"{title} has not brought {', '.join(sorted(lost))}")
    return samples, titles, cold


# ------------------------------------------------------------- the report


def ratios(rows):
    wall = {key: row["wall"] for key, row in rows.items()}
    # What a machine that does other things as well changes less.
    cpu = {key: row["cpu"] + row["daemon_cpu"] for key, row in rows.items()}
    # Somebody must read, hash and write every byte; who unpacks must decompress every layer as well.
    work = rows["sha256"]["cpu"] + rows["copy"]["cpu"]
    packed = max(wall["copy"], work / CORES)
    unpacked = max(wall["copy"], (work + rows["gunzip"]["cpu"]) / CORES)
    return {
        "packed_limit_seconds": packed,
        "unpacked_limit_seconds": unpacked,
        "ctr / import, no unpack": wall["peer packed"] / wall["packed"],
        "zstd and ctr / import, no unpack": wall["piped packed"] / wall["packed"],
        "ctr / import, no unpack, CPU of both sides": cpu["peer packed"] / cpu["packed"],
        "import / limit, no unpack": wall["packed"] / packed,
        "ctr / import, with unpack": wall["peer unpacked"] / wall["unpacked"],
        "ctr / import, with unpack, CPU of both sides": cpu["peer unpacked"] / cpu["unpacked"],
        "import / limit, with unpack": wall["unpacked"] / unpacked,
        "ctr / import, everything there": wall["peer again"] / wall["again"],
    }


def bench(corpus, work, options, log):
    """Everything that the report holds."""
    program = Path(shutil.which(options.containerd) or fail(f"there is no {options.containerd}")).absolute()
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout.decode().split()
    total = prepare(corpus, work)
    run(BIN / "sealift", "build", work / "bundle", "--lock", work / "images.lock", "--no-cache",
        "--mirror", f"docker.io=http://{corpus.registry}", "--output", work / "dist")
    archive = work / "dist/corpus-1.0.0-linux-amd64.tar.zst"
    run("zstd", "-dq", archive, "-o", work / "all.tar")
    samples, titles, cold = measure_all(program, corpus.images, work, archive, options.runs, log)
    rows = summarise(samples, titles)
    return {"bytes": total, "cold": cold, "containerd": version[2], "ratios": ratios(rows), "rows": rows}


def markdown(report):
    lines = [
        f"containerd {report['containerd']}. {conditions(report)}", "",
        "| what | wall s | range | client CPU s | daemon CPU s | others' CPU s | client RSS MB | node MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"].values():
        lines.append(
            f"| {row['title']} | {row['wall']:.2f} | {row['fastest']:.2f} to {row['slowest']:.2f} | {row['cpu']:.2f} "
            f"| {row['daemon_cpu']:.1f} | {row['others_cpu']:.1f} | {row['rss'] / 1e6:.0f} | {row['disk'] / 1e6:,.0f} |"
        )
    ratios = dict(report["ratios"])
    lines += [
        "", f"Computed limit: {ratios.pop('packed_limit_seconds'):.2f} s without unpacking, "
        f"{ratios.pop('unpacked_limit_seconds'):.2f} s with.",
    ]
    return "\n".join(lines + ratio_table(ratios)) + "\n"
