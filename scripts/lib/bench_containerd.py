"""Containerds to import into: each of its own, empty, and gone afterwards with all that it mounted."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bench_inputs import ROOT
from bench_measure import Server, disk_usage, fail, fresh, run
from bench_peers import find

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
# containerd unpacks through unpigz or igzip where they are on PATH. That would depend on what else is installed, and
# Debian's package does not ask for them; --gunzip-helpers lets it.
NO_HELPERS = {"CONTAINERD_DISABLE_PIGZ": "1", "CONTAINERD_DISABLE_IGZIP": "1"}


class Release:
    """One containerd executable and the ctr that belongs to it."""

    def __init__(self, program):
        self.program = program
        beside = program.with_name("ctr")
        self.ctr = Path(os.environ.get("CTR") and find("ctr") or (beside if beside.exists() else find("ctr") or beside))
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        words = answer.stdout.split()
        if answer.returncode or len(words) < 3:
            fail(f"{program} does not run as containerd does: {answer.stderr.strip()[:300]}")
        self.version = words[2].removeprefix("v")
        if not os.access(self.ctr, os.X_OK):
            fail(f"there is no ctr beside {program}, nor on PATH; CTR would say where")
        told = subprocess.run([self.ctr, "images", "import", "--help"], capture_output=True, text=True, check=False)
        self.local = "--local" in told.stdout

    @property
    def name(self):
        """The version as people say it: 1.6.20, and no more."""
        return self.version.partition("~")[0].partition("+")[0]


def offered():
    """The containerds that scripts/fetch-test-parts has told of or left here, oldest first; nothing is fetched."""
    told = [Path(word) for word in os.environ.get("SEALIFT_CONTAINERDS", "").split(":") if word]
    parts = [ROOT / f".build/test-parts/containerd-{line}/usr/bin/containerd" for line in ("1.7", "2")]
    system = shutil.which("containerd")
    found = told or ([Path(system)] if system else []) + parts
    releases = [Release(program) for program in found if os.access(program, os.X_OK)]
    return sorted(releases, key=lambda release: [int(word) for word in release.name.split(".")[:2]])


def choose(wanted):
    """The releases that were asked for by version or path; all that there are where nothing was."""
    known = offered()
    if not wanted:
        return known or fail("there is no containerd; install Debian's, or name one with --containerd PATH")
    chosen = []
    for word in wanted:
        if "/" in word:
            if not os.access(word, os.X_OK) or os.path.isdir(word):
                fail(f"--containerd {word}: there is no such program")
            chosen.append(Release(Path(word).absolute()))
            continue
        fitting = [release for release in known if f"{release.version}.".startswith(f"{word}.")]
        if not fitting:
            there = ", ".join(release.name for release in known) or "none"
            fail(f"there is no containerd {word} here, only: {there}; scripts/fetch-test-parts gets 1.7 and 2")
        chosen.append(fitting[-1])
    return chosen


def unmount_below(folder):
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in sorted((place for place in mounts if place.startswith(f"{folder}/")), reverse=True):
        run("umount", "-l", mount)


class Containerd(Server):
    """One that holds nothing yet, for as long as this is open."""

    def __init__(self, release, folder, helpers=False):
        self.release, self.folder, self.socket = release, folder, folder / "socket"
        self.root = folder / "root"
        self.ctr = [release.ctr, "-a", self.socket, "-n", "k8s.io"]
        self.environment = {**os.environ, **({} if helpers else NO_HELPERS)}
        self.daemon = None

    def __enter__(self):
        unmount_below(self.folder)  # of one that could not tidy up
        fresh(self.folder)
        (self.folder / "config.toml").write_text(CONFIGURATION.format(folder=self.folder))
        with open(self.folder / "log", "w", encoding="utf-8") as log:
            # Should this script be killed, the kernel takes containerd with it. In a session of its own, since
            # Ctrl-C is for the script, which stops containerd when nothing uses it any more.
            words = ["setpriv", "--pdeathsig", "KILL", self.release.program, "--config", self.folder / "config.toml"]
            self.daemon = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                           start_new_session=True, env=self.environment)
        super().__init__(self.daemon.pid)
        try:
            self.await_answer()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_answer(self):
        for _ in range(300):
            if not subprocess.run([*self.ctr, "version"], capture_output=True, check=False).returncode:
                return
            if self.daemon.poll() is not None:
                break
            time.sleep(0.1)
        fail(f"containerd {self.release.version} does not answer:\n{(self.folder / 'log').read_text()[-2000:]}")

    def __exit__(self, *_):
        # Its own end takes the helpers that it started with it, and none of them has anything worth keeping.
        os.killpg(self.daemon.pid, signal.SIGKILL)
        self.daemon.wait()
        unmount_below(self.folder)
        shutil.rmtree(self.folder)

    def names(self):
        found = subprocess.run([*self.ctr, "images", "ls", "-q"], capture_output=True, text=True, check=True)
        return set(found.stdout.split())

    def snapshots(self):
        found = subprocess.run([*self.ctr, "snapshots", "ls"], capture_output=True, text=True, check=True)
        return len(found.stdout.splitlines()) - 1

    def check(self, images, unpacked):
        """A function that fails when an image is missing, or when layers are not as (un)packed as they should be."""
        def look():
            lost = {f"docker.io/{image}" for image in images} - self.names()
            if lost:
                fail(f"after the import these are not in containerd: {', '.join(sorted(lost)[:5])}")
            if (self.snapshots() > 0) != unpacked:
                fail(f"after the import containerd has {self.snapshots()} snapshots")
        return look

    def size(self):
        return disk_usage(self.root)
