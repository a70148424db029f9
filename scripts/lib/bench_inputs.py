"""What is measured on: images in a registry, and what is made of them once, when a verb first asks for it."""

import json
import os
import shutil
import subprocess
import urllib.request
from functools import cached_property
from pathlib import Path

from bench_measure import Server, fail, fresh, run, say
from bench_peers import write_definitions

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("SEALIFT_BIN_DIR") or ROOT / ".build/release").absolute()

MANIFEST_TYPES = ", ".join(
    ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"]
    + [f"application/vnd.docker.distribution.manifest.{kind}v2+json" for kind in ("list.", "")])

# Both: the configuration, and the folder whose file system is then synced.
FETCH = ('set -e; curl -fsS --no-progress-meter --parallel --parallel-max 6 --create-dirs --config "$1" >&2; '
         'if [ -n "$2" ]; then sync -f "$2"; fi')


def offers(program, command, option):
    """Whether a command of an executable has an option, as its help tells."""
    answer = subprocess.run([BIN / program, command, "--help"], capture_output=True, text=True, check=False)
    return option in answer.stdout


def need_space(folder, wanted, keep):
    free = shutil.disk_usage(folder).free
    if free < wanted + keep:
        fail(f"this needs {wanted / 1e9:.0f} GB in {folder} and is to leave {keep / 1e9:.0f} GB free there; "
             f"{free / 1e9:.0f} GB are. Make room, or say less with --keep-free")


def write_bundle(folder, images):
    """A definition that asks for the images and, since there must be a stage, for a namespace."""
    folder.mkdir(parents=True)
    (folder / "namespace.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: corpus}\n")
    lines = ["apiVersion: sealift/v1", "kind: Bundle"]
    lines += ["metadata: {name: corpus, version: 1.0.0}", "platforms: [linux/amd64]"]
    lines += ["stages: [{name: only, manifests: [namespace.yaml]}]", "images:"]
    lines += [f'  - {{reference: "docker.io/{image}", reason: "part of the corpus"}}' for image in images]
    (folder / "bundle.yaml").write_text("\n".join(lines) + "\n")


ARCHIVE = "corpus-1.0.0-linux-amd64.tar.zst"


class Corpus:
    """The images of a folder that scripts/make-corpus filled, in a registry that runs for as long as this does."""

    def __init__(self, folder, make=True):
        self.folder = folder
        try:
            self.open(make)
        except BaseException:
            self.close()  # stopped while the registry was starting
            raise

    def open(self, make):
        folder = self.folder
        if (folder / "images.txt").exists():
            run(ROOT / "scripts/make-corpus", "start", folder, 0)
        elif make:
            say(f"making the corpus in {folder}; that takes minutes and 8 GB, once")
            run(ROOT / "scripts/make-corpus", "fill", folder, 0)
        else:
            fail(f"{folder} holds no corpus: there is no images.txt. 'scripts/make-corpus fill {folder}' makes one")
        self.registry = (folder / "registry.address").read_text().strip()
        self.server = Server(int((folder / "registry.pid").read_text()))
        lines = (folder / "images.txt").read_text().split("\n")
        # Nobody should ship latest, and sealift refuses to.
        self.pinned = [tuple(line.split()[:2]) for line in lines if line and ":latest " not in line]
        self.images = [image for image, _ in self.pinned]

    def close(self):
        run(ROOT / "scripts/make-corpus", "stop", self.folder)

    def get(self, image, reference):
        url = f"http://{self.registry}/v2/{image.rpartition(':')[0]}/manifests/{reference}"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": MANIFEST_TYPES})) as answer:
            return json.load(answer)

    @cached_property
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

    @cached_property
    def bytes(self):
        return sum(size for size, _ in self.blobs.values())


class Inputs:
    """Folders and archives in a work folder. Each is made when it is first asked for, outside of what is measured."""

    def __init__(self, corpus, work, log):
        self.corpus, self.work, self.log = corpus, work, log
        self.none = work / "none"
        self.none.mkdir()

    def make(self, *command):
        run(*command, log=self.log)

    @property
    def about(self):
        size = self.corpus.bytes / 1e6
        return f"{len(self.corpus.images)} images, {size:,.{0 if size > 10 else 3}f} MB of blobs, registry on loopback."

    @property
    def storage(self):
        return self.corpus.folder / "registry"

    @property
    def mirror(self):
        return ["--mirror", f"docker.io=http://{self.corpus.registry}"]

    @cached_property
    def bundle(self):
        write_bundle(self.work / "bundle", self.corpus.images)
        return self.work / "bundle"

    @cached_property
    def definitions(self):
        write_definitions(self.work / "definitions", self.corpus.registry, self.corpus.pinned)
        return self.work / "definitions"

    @cached_property
    def lock(self):
        path = self.work / "images.lock"
        cache = self.work / "lock-cache"
        self.make(BIN / "sealift", "lock", self.bundle, "--lock", path, *self.mirror, "--cache", cache)
        return path

    def build(self, output, *options):
        """The command that builds the corpus into a folder."""
        return [BIN / "sealift", "build", self.bundle, "--lock", self.lock, *self.mirror, "--output", output, *options]

    def fetch(self, name, folder, sync):
        """The command that gets all blobs into a folder, or with None nowhere."""
        config = self.work / f"{name}.config"
        config.write_text("".join(
            f'url = "{url}"\noutput = "{f"{folder}/{digest[7:]}" if folder else "/dev/null"}"\n'
            for digest, (_, url) in self.corpus.blobs.items()))
        return ["bash", "-c", FETCH, "fetch", config, self.work if sync else ""]

    @cached_property
    def blobs(self):
        """A folder with every blob as a file."""
        folder = self.work / "blobs"
        self.make(*self.fetch("blobs", folder, False))
        return folder

    @cached_property
    def cache(self):
        """A cache that has everything; what was built with it is the archive."""
        say("building once, for the cache and the archive")
        fresh(self.work / "dist")
        self.make(*self.build(self.work / "dist", "--cache", self.work / "cache"))
        return self.work / "cache"

    @cached_property
    def archive(self):
        return self.cache and self.work / "dist" / ARCHIVE

    @cached_property
    def zstd_archive(self):
        """The same images with layers that the build encoded anew as zstd; None where builds cannot."""
        if not offers("sealift", "build", "--layers"):
            return None
        fresh(self.work / "dist-zstd")
        words = ["--cache", self.cache, "--no-sbom", "--layers", "zstd"]
        self.make(*self.build(self.work / "dist-zstd", *words))
        return self.work / "dist-zstd" / ARCHIVE

    @cached_property
    def tar(self):
        """The archive as ctr of containerd 1.6 takes it: not compressed."""
        self.make("zstd", "-dqf", self.archive, "-o", self.work / "all.tar")
        return self.work / "all.tar"


