"""Compares trees of files, or all that two containerds have unpacked, snapshot by snapshot.

Usage: compare-trees.py list FOLDER
       compare-trees.py folders FOLDER FOLDER
       compare-trees.py snapshots SINCE SNAPSHOTTER CTR SOCKET SOCKET [KEY...]

list: prints a tree, an entry a line, as JSON. folders: prints what differs. snapshots: prints what differs between the
committed snapshots in namespace k8s.io of two containerds, and how many there were; times after SINCE (seconds since
1970) count as not given by any layer. KEYs are snapshots that may be there or not, and may go at any moment.

Ends with 1 where anything differs. Needs root.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import time

from tree_listing import Listing, differences


class Containerd:
    """The snapshots of a containerd, and the folders that hold them."""

    def __init__(self, ctr: str, address: str, snapshotter: str, ignored: tuple[str, ...]):
        self.command = [ctr, "--address", address, "--namespace", "k8s.io"]
        self.snapshotter = snapshotter
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        # What it has mounted may be out of our sight.
        self.root = f"/proc/{struct.unpack('iii', peer)[0]}/root"
        self.parents: dict[str, str] = {}
        for line in self.snapshots("ls").splitlines()[1:]:
            words = line.split()
            if words[-1] == "Committed" and words[0] not in ignored:
                self.parents[words[0]] = words[1] if len(words) == 3 else ""

    def snapshots(self, *arguments: str) -> str:
        command = [*self.command, "snapshots", "--snapshotter", self.snapshotter, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def folders(self) -> dict[str, str]:
        """The folder of each committed snapshot: what lies below one on the topmost tells all of overlay's; others
        have one that is bound."""
        found: dict[str, str] = {}
        tops = self.parents.keys() - self.parents.values() if self.snapshotter == "overlayfs" else self.parents.keys()
        for top in sorted(tops):
            # Not a view: nothing would keep it from being collected.
            [mount] = json.loads(self.snapshots("prepare", "--mounts", f"compare-{os.getpid()}-{top}", top))
            kind, source, options = (mount.get(key, mount.get(key.lower())) for key in ("Type", "Source", "Options"))
            lower = [option[len("lowerdir="):] for option in options if option.startswith("lowerdir=")]
            for folder in lower[0].split(":") if kind == "overlay" else [source]:
                folder = self.root + folder
                if found.setdefault(top, folder) != folder:
                    raise SystemExit(f"{top} is in {found[top]} and in {folder}")
                top = self.parents[top]
        return found


def report(lines: list[str]) -> int:
    for line in lines:
        print(line)
    return 1 if lines else 0


def compare_snapshots(since: str, snapshotter: str, ctr: str, one: str, other: str, *ignored: str) -> int:
    first, second = (Containerd(ctr, address, snapshotter, ignored) for address in (one, other))
    lines = []
    for key in sorted(first.parents.keys() ^ second.parents.keys()):
        lines.append(f"{key}: only in the {'first' if key in first.parents else 'second'}")
    folders = (first.folders(), second.folders())
    recent = (float(since), time.time() + 1)
    common = sorted(first.parents.keys() & second.parents.keys())
    for key in common:
        if first.parents[key] != second.parents[key]:
            lines.append(f"{key}: its parents are {first.parents[key]} and {second.parents[key]}")
        trees = [Listing(os.fsencode(side[key]), recent).entries for side in folders]
        lines += [f"{key}: {line}" for line in differences(*trees)]
    print(f"compared {len(common)} snapshots")
    return report(lines)


def main() -> int:
    match sys.argv[1:]:
        case ["list", folder]:
            for path, entry in Listing(os.fsencode(folder), (0, -1)).entries.items():
                print(json.dumps({"path": path} | entry))
            return 0
        case ["folders", one, other]:
            trees = [Listing(os.fsencode(folder), (0, -1)).entries for folder in (one, other)]
            return report(list(differences(*trees)))
        case ["snapshots", since, snapshotter, ctr, one, other, *ignored]:
            return compare_snapshots(since, snapshotter, ctr, one, other, *ignored)
    print(__doc__, file=sys.stderr)
    return 64


if __name__ == "__main__":
    sys.exit(main())
