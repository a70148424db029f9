"""What the verbs of scripts/bench share: the corpus, how a command is measured, how samples become rows."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("SEALIFT_BIN_DIR") or ROOT / ".build/release")
CORES = os.cpu_count()
TICK = os.sysconf("SC_CLK_TCK")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def fail(text):
    sys.exit(f"bench: error: {text}")


def run(*command):
    """Runs a command whose time is not measured; what it says is for people, so not for standard output."""
    words = [str(word) for word in command]
    if subprocess.run(words, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode:
        fail(f"this failed: {' '.join(words)}")


# ------------------------------------------------------------- the corpus


class Corpus:
    """The images, in a registry that runs for as long as this does."""

    def __init__(self, folder):
        self.folder = folder
        if not (folder / "images.txt").exists():
            say(f"making the corpus in {folder}; that takes minutes, once")
            run(ROOT / "scripts/make-corpus", "fill", folder, 0)
        else:
            run(ROOT / "scripts/make-corpus", "start", folder, 0)
        self.registry = (folder / "registry.address").read_text().strip()
        self.process = (folder / "registry.pid").read_text().strip()
        lines = (folder / "images.txt").read_text().split("\n")
        # Nobody should ship latest, and sealift refuses to.
        self.images = [line.split()[0] for line in lines if line and ":latest " not in line]

    def close(self):
        run(ROOT / "scripts/make-corpus", "stop", self.folder)

    def get(self, image, reference):
        types = ", ".join(
            ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"]
            + [f"application/vnd.docker.distribution.manifest.{kind}v2+json" for kind in ("list.", "")]
        )
        url = f"http://{self.registry}/v2/{image.rpartition(':')[0]}/manifests/{reference}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": types})) as answer:
            return json.load(answer)

    def blobs(self):
        """Digest -> (size, URL) of every blob that linux/amd64 needs, largest first."""
        found = {}
        for image in self.images:
            manifest = self.get(image, image.rpartition(":")[2])
            for child in manifest.get("manifests", []):
                if child["platform"]["architecture"] == "amd64":
                    manifest = self.get(image, child["digest"])
            base = f"http://{self.registry}/v2/{image.rpartition(':')[0]}/blobs"
            for blob in [manifest["config"], *manifest["layers"]]:
                found[blob["digest"]] = (blob["size"], f"{base}/{blob['digest']}")
        return dict(sorted(found.items(), key=lambda item: -item[1][0]))

    def cpu(self):
        return cpu_of(self.process)


def write_bundle(folder, images):
    """A definition that asks for the corpus and, since there must be a stage, for a namespace."""
    folder.mkdir(parents=True)
    (folder / "namespace.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: corpus}\n")
    lines = ["apiVersion: sealift/v1", "kind: Bundle"]
    lines += ["metadata: {name: corpus, version: 1.0.0}", "platforms: [linux/amd64]"]
    lines += ["stages: [{name: only, manifests: [namespace.yaml]}]", "images:"]
    lines += [f'  - {{reference: "docker.io/{image}", reason: "part of the corpus"}}' for image in images]
    (folder / "bundle.yaml").write_text("\n".join(lines) + "\n")


CURL = 'set -e; curl -fsS --no-progress-meter --parallel --parallel-max 6 --create-dirs --config "$1"; sync -f "$2"'
SHA256 = 'find "$1" -type f -printf "%s %p\\n" | sort -rn | cut -d" " -f2- | xargs -P "$2" -n 1 openssl dgst -sha256'


def prepare(corpus, work):
    """The definition, its lock, and a copy of all blobs; returns how many bytes those have."""
    write_bundle(work / "bundle", corpus.images)
    blobs = corpus.blobs()
    # Outside of the measured folders: the limits read them, curl writes its own.
    for name, folder in (("curl.config", work / "fresh-curl"), ("blobs.config", work / "blobs")):
        lines = [f'url = "{url}"\noutput = "{folder}/{digest[7:]}"' for digest, (_, url) in blobs.items()]
        (work / name).write_text("\n".join(lines) + "\n")
    run("bash", "-c", CURL, "curl", work / "blobs.config", work)
    run(BIN / "sealift", "lock", work / "bundle", "--lock", work / "images.lock",
        "--mirror", f"docker.io=http://{corpus.registry}", "--cache", work / "none")
    return sum(size for size, _ in blobs.values())


# ------------------------------------------------------------- measuring


def cpu_of(process):
    """User and system seconds that a process, by its id, has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def busy():
    """Seconds that all cores together have worked since the machine was booted."""
    fields = [int(word) for word in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:7])) / TICK


def drop_page_cache():
    """Whether the next reads come from the disk."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3\n")
        return True
    except OSError:
        return False


def disk_usage(folder):
    total, folders = 0, [folder]
    while folders:
        try:
            for entry in os.scandir(folders.pop()):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
        except FileNotFoundError:
            pass  # renamed or removed between the listing and the look
    return total


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def measure(command, log, daemon=None, folder=None):
    """Wall, CPU and memory of one command with all of its children.

    With daemon, a function that tells a server's CPU seconds, what that took meanwhile; with folder, the most that it
    held on the disk.
    """
    peak, done = [0], threading.Event()

    def watch():
        while not done.wait(0.1):
            peak[0] = max(peak[0], disk_usage(folder))

    watcher = threading.Thread(target=watch) if folder else None
    before, others = daemon() if daemon else 0, busy()
    if watcher:
        watcher.start()
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    others = busy() - others
    done.set()
    if watcher:
        watcher.join()
    if process.returncode:
        fail(f"status {process.returncode} (see {log.name}) of {' '.join(map(str, command))}")
    cpu, served = usage.ru_utime + usage.ru_stime, daemon() - before if daemon else 0
    return {
        "wall": wall,
        "cpu": cpu,
        "daemon_cpu": served,
        # The kernel's threads, this script, and whoever else used the machine: how far to trust the wall time.
        "others_cpu": max(0, others - cpu - served),
        "rss": usage.ru_maxrss * 1024,  # of the largest process; never less than this one's, which forked it
        "disk": max(peak[0], disk_usage(folder)) if folder else 0,
    }


# ------------------------------------------------------------- the report


def median(samples, field):
    return statistics.median(sample[field] for sample in samples)


def summarise(samples, titles):
    rows = {}
    for key, taken in samples.items():
        walls = [sample["wall"] for sample in taken]
        row = {field: median(taken, field) for field in taken[0]}
        rows[key] = {"title": titles[key], **row, "fastest": min(walls), "slowest": max(walls), "samples": taken}
    return rows


def machine():
    model = [line for line in Path("/proc/cpuinfo").read_text().split("\n") if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    name = model[0].partition(": ")[2] if model else os.uname().machine
    return f"{CORES} × {name}, {memory / 2**30:.0f} GiB, Linux {os.uname().release}"


def conditions(report):
    """What the numbers hold for."""
    cache = "dropped" if report["cold"] else "NOT dropped (no root)"
    return (
        f"{report['images']} images, {report['bytes'] / 1e6:,.0f} MB of blobs; medians of {report['runs']} interleaved "
        f"runs, page cache {cache} before each; load average {report['load']:.1f} before the first. {report['machine']}."
    )


def ratio_table(ratios):
    return ["", "| ratio | |", "|---|---|", *(f"| {name} | {value:.2f} |" for name, value in ratios.items())]
