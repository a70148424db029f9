"""What a tree of files is, in a form that two trees can be compared by: everything but where its blocks are."""

import hashlib
import os
import stat
from typing import Iterator

KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink", stat.S_IFCHR: "character device",
    stat.S_IFBLK: "block device", stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket",
}


def hashed(path: bytes) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def readable(value: bytes) -> str:
    """Text that stands for bytes, and for no others."""
    return value.decode("utf-8", "surrogateescape").encode("unicode_escape").decode()


class Listing:
    """The entries of a tree by their path, as dictionaries of what they have.

    A time in `recent`, seconds from and to, is one that nobody gave: whoever made the tree left it to the moment.
    """

    def __init__(self, root: bytes, recent: tuple[float, float]):
        self.recent = recent
        self.first: dict[tuple[int, int], str] = {}
        self.entries = {readable(name): self.entry(path, name) for path, name in self.walk(root)}

    def walk(self, root: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Paths and what they are called from `root` on, folders before what is in them."""
        left = [(root, b".")]
        while left:
            path, name = left.pop()
            yield path, name
            if stat.S_ISDIR(os.lstat(path).st_mode):
                left += [(path + b"/" + child, name + b"/" + child) for child in sorted(os.listdir(path), reverse=True)]

    def entry(self, path: bytes, name: bytes) -> dict:
        status = os.lstat(path)
        kind = KINDS[stat.S_IFMT(status.st_mode)]
        entry = {
            "kind": kind, "mode": oct(stat.S_IMODE(status.st_mode)), "uid": status.st_uid, "gid": status.st_gid,
            "mtime": self.time(status.st_mtime_ns),
            "xattrs": {
                readable(os.fsencode(key)): readable(os.getxattr(path, key, follow_symlinks=False))
                for key in sorted(os.listxattr(path, follow_symlinks=False))
            },
        }
        if kind == "folder":
            return entry
        entry["links"] = status.st_nlink
        if status.st_nlink > 1:
            entry["same as"] = self.first.setdefault((status.st_dev, status.st_ino), readable(name))
        entry["size"] = status.st_size
        if kind == "file":
            entry["sha256"] = hashed(path)
        elif kind == "symlink":
            entry["target"] = readable(os.readlink(path))
        elif kind.endswith("device"):
            entry["number"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
        return entry

    def time(self, nanoseconds: int) -> str:
        if self.recent[0] * 1e9 <= nanoseconds <= self.recent[1] * 1e9:
            return "recent"
        return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09}"


def differences(first: dict[str, dict], second: dict[str, dict]) -> Iterator[str]:
    """What is not the same in two listings, each in a line."""
    for path in sorted(first.keys() | second.keys()):
        one, other = first.get(path), second.get(path)
        if one is None or other is None:
            has, there = ("only in the second", other) if one is None else ("only in the first", one)
            yield f"{path}: {has}: {there}"
            continue
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"{path}: {key}: {one.get(key)} and {other.get(key)}"
