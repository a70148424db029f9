"""A disk with faults of our choice, and a command on it: a file system in memory, through Linux's FUSE.

Usage: faulty-disk.py run FOLDER PLAN COMMAND...
       faulty-disk.py cut LOG MOMENT SEED FOLDER

run: everything in FOLDER is put on the disk, the disk is mounted there for COMMAND alone, and once COMMAND has ended
FOLDER gets what is on the disk. Ends with COMMAND's status, or 128 and a signal's number. PLAN is a JSON object:

    from      a folder: the disk starts with what is in there instead
    kill      N: COMMAND gets SIGKILL when it asks the disk for the Nth time; `late`: once that was done
    fail      N: the Nth request fails; `errno`: with that, not EIO; `lasting`: and so do all that follow
    capacity  bytes that can be added before the disk is full; it claims to have plenty
    short     a seed: what is read and written ends early, at random
    log       a file that gets all that happened, for `cut`
    report    a file that gets, as JSON: the number of requests, the bytes added, the number of changes, what was hit,
              and `syncs`, those of each request to sync

cut: FOLDER gets what is left on the disk where the power went after MOMENT changes: what was synced, and of the rest
what SEED chooses. Needs root, and /dev/fuse.
"""

import ctypes
import errno
import json
import os
import pickle
import random
import stat
import struct
import subprocess
import sys
import threading

from disk_content import ROOT, Content

LOOKUP, FORGET, GETATTR, SETATTR, MKDIR, UNLINK, RMDIR, RENAME, LINK = 1, 2, 3, 4, 9, 10, 11, 12, 13
OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT, OPENDIR = 14, 15, 16, 17, 18, 20, 25, 26, 27
READDIR, RELEASEDIR, FSYNCDIR, ACCESS, CREATE, INTERRUPT, BATCH_FORGET, RENAME2 = 28, 29, 30, 34, 35, 36, 42, 45
NAMES = {
    GETATTR: "stat", SETATTR: "change", MKDIR: "mkdir", UNLINK: "unlink", RMDIR: "rmdir", RENAME: "rename",
    LINK: "link", OPEN: "open", READ: "read", WRITE: "write", FSYNC: "sync", FLUSH: "close", OPENDIR: "opendir",
    READDIR: "list", FSYNCDIR: "sync folder", CREATE: "create", RENAME2: "rename", LOOKUP: "look up",
}
DIRECT_IO = 1  # of fuse_open_out: every read and write comes here as it was asked for
BIG_WRITES, ATTRIBUTE_MODE, ATTRIBUTE_SIZE, NOREPLACE = 1 << 5, 1, 8, 1
LARGEST = 128 << 10


def refuse(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class Server:
    """Answers the kernel's requests from a `Content`."""

    def __init__(self, content: Content, plan: dict):
        self.content = content
        self.plan = plan
        self.requests = 0
        self.hit = ""
        self.syncs: list[tuple[int, int]] = []
        self.full = content.used + plan["capacity"] if "capacity" in plan else None
        self.chance = random.Random(plan["short"]) if "short" in plan else None
        self.child: subprocess.Popen | None = None

    def node(self, folder: int, name: bytes) -> int:
        number = self.content.nodes[folder].entries.get(name)
        if number is None:
            raise refuse(errno.ENOENT)
        return number

    def attributes(self, number: int) -> bytes:
        node = self.content.nodes[number]
        kind, links = (stat.S_IFREG, node.links) if node.entries is None else (stat.S_IFDIR, 2)
        size = len(node.data)
        return struct.pack(
            "<6Q10I", number, size, -(-size // 512), 0, 0, 0, 0, 0, 0, kind | node.mode, links, 0, 0, 0, 4096, 0)

    def entry(self, number: int) -> bytes:
        return struct.pack("<4Q2I", number, 0, 3600, 3600, 0, 0) + self.attributes(number)

    def make(self, folder: int, name: bytes, mode: int, is_folder: bool) -> bytes:
        if self.full is not None and self.content.used >= self.full:
            self.hit = self.hit or "create"
            raise refuse(errno.ENOSPC)
        number = self.content.make(mode & 0o7777, is_folder)
        self.content.change("enter", folder, name, number)
        self.content.nodes[number].links = 1
        return self.entry(number)

    def unlink(self, number: int) -> None:
        node = self.content.nodes[number]
        node.links -= 1
        if node.links == 0:
            self.content.used -= len(node.data)

    def write(self, number: int, offset: int, content: bytes) -> bytes:
        if self.chance and len(content) > 1:
            content = content[:self.chance.randrange(1, len(content) + 1)]
        if self.full is not None:
            room = max(0, self.full - self.content.used) + max(0, len(self.content.nodes[number].data) - offset)
            if room < len(content):
                self.hit = self.hit or "write"
                content = content[:room]
            if not content:
                raise refuse(errno.ENOSPC)
        self.content.change("write", number, offset, content)
        return struct.pack("<II", len(content), 0)

    def read(self, number: int, offset: int, count: int) -> bytes:
        node = self.content.nodes[number]
        # To start a program the kernel reads its beginning once, and takes "#!/bin" for all that it says.
        if self.chance and count > 1 and not node.mode & 0o111:
            count = self.chance.randrange(1, count + 1)
        return bytes(node.data[offset:offset + count])

    def rename(self, folder: int, body: bytes, target: int, flags: int) -> bytes:
        old, new = body.rstrip(b"\0").split(b"\0")
        number, there = self.node(folder, old), self.content.nodes[target].entries.get(new)
        if there is not None and flags & NOREPLACE:
            raise refuse(errno.EEXIST)
        if there is not None:
            self.unlink(there)
        if folder == target:
            self.content.change("rename", folder, old, new, number)
        else:
            self.content.change("leave", folder, old)
            self.content.change("enter", target, new, number)
        return b""

    def remove(self, folder: int, name: bytes, is_folder: bool) -> bytes:
        number = self.node(folder, name)
        if is_folder and self.content.nodes[number].entries:
            raise refuse(errno.ENOTEMPTY)
        self.content.change("leave", folder, name)
        self.unlink(number)
        return b""

    def set_attributes(self, number: int, body: bytes) -> bytes:
        valid, = struct.unpack_from("<I", body)
        if valid & ATTRIBUTE_SIZE:
            self.content.change("resize", number, *struct.unpack_from("<Q", body, 16))
        if valid & ATTRIBUTE_MODE:
            self.content.change("mode", number, struct.unpack_from("<I", body, 68)[0] & 0o7777)
        return struct.pack("<Q2I", 3600, 0, 0) + self.attributes(number)

    def listing(self, number: int, offset: int, count: int) -> bytes:
        answer = b""
        names = [(b".", number), (b"..", number)] + list(self.content.nodes[number].entries.items())
        for at, (name, child) in enumerate(names[offset:], offset + 1):
            kind = stat.S_IFDIR if self.content.nodes[child].entries is not None else stat.S_IFREG
            entry = struct.pack("<QQII", child, at, len(name), kind >> 12) + name
            entry += b"\0" * (-len(entry) % 8)
            if len(answer) + len(entry) > count:
                break
            answer += entry
        return answer

    def answer(self, operation: int, node: int, body: bytes) -> bytes:
        name = body.rstrip(b"\0")
        if operation == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, LARGEST, BIG_WRITES, 16, 12, LARGEST, 1, 32, 0, 0)
        if operation == LOOKUP:
            return self.entry(self.node(node, name))
        if operation == GETATTR:
            return struct.pack("<Q2I", 3600, 0, 0) + self.attributes(node)
        if operation == SETATTR:
            return self.set_attributes(node, body)
        if operation == MKDIR:
            return self.make(node, body[8:].rstrip(b"\0"), struct.unpack_from("<I", body)[0], True)
        if operation == CREATE:
            entry = self.make(node, body[16:].rstrip(b"\0"), struct.unpack_from("<I", body, 4)[0], False)
            return entry + struct.pack("<QII", 0, DIRECT_IO, 0)
        if operation in (UNLINK, RMDIR):
            return self.remove(node, name, operation == RMDIR)
        if operation == RENAME:
            return self.rename(node, body[8:], struct.unpack_from("<Q", body)[0], 0)
        if operation == RENAME2:
            return self.rename(node, body[16:], *struct.unpack_from("<QI", body))
        if operation == LINK:
            number, = struct.unpack_from("<Q", body)
            if body[8:].rstrip(b"\0") in self.content.nodes[node].entries:
                raise refuse(errno.EEXIST)
            self.content.change("enter", node, body[8:].rstrip(b"\0"), number)
            self.content.nodes[number].links += 1
            return self.entry(number)
        if operation in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, DIRECT_IO if operation == OPEN else 0, 0)
        if operation == READ:
            return self.read(node, *struct.unpack_from("<QI", body, 8))
        if operation == WRITE:
            return self.write(node, struct.unpack_from("<Q", body, 8)[0], body[40:])
        if operation in (FSYNC, FSYNCDIR):
            self.content.change("sync", node)
            self.syncs.append((self.requests, len(self.content.changes)))
            return b""
        if operation == READDIR:
            return self.listing(node, *struct.unpack_from("<QI", body, 8))
        if operation == STATFS:
            return struct.pack("<5Q4I24x", 1 << 30, 1 << 30, 1 << 30, 1 << 20, 1 << 20, 4096, 255, 4096, 0)
        if operation in (RELEASE, RELEASEDIR, FLUSH, ACCESS):
            return b""
        raise refuse(errno.ENOSYS)

    def counted(self, operation: int, node: int, body: bytes) -> bytes:
        """The answer, unless the plan has something else for it."""
        self.requests += 1
        at, late = self.requests, self.plan.get("late", False)
        if at == self.plan.get("kill"):
            self.hit = NAMES[operation]
            try:
                if late:
                    self.answer(operation, node, body)
            finally:
                self.child.kill()  # after a refusal, too: most files that are looked up are not there
            raise refuse(errno.EINTR)  # to nobody
        fail = self.plan.get("fail", 1 << 60)
        if at == fail or at > fail and self.plan.get("lasting"):
            self.hit = self.hit or NAMES[operation]
            raise refuse(getattr(errno, self.plan.get("errno", "EIO")))
        return self.answer(operation, node, body)

    def serve(self, device: int) -> None:
        while True:
            try:
                request = os.read(device, LARGEST + 4096)
            except OSError as error:
                if error.errno in (errno.ENODEV, errno.EBADF):
                    return
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                raise
            _, operation, unique, node = struct.unpack_from("<IIQQ", request)
            if operation in (FORGET, BATCH_FORGET, INTERRUPT):
                continue
            number, answer = 0, b""
            try:
                answer = (self.counted if operation in NAMES and self.child else self.answer)(
                    operation, node, request[40:])
            except OSError as failure:
                number = failure.errno
            try:
                os.write(device, struct.pack("<IiQ", 16 + len(answer), -number, unique) + answer)
            except FileNotFoundError:
                pass  # whoever asked was killed


def mount(device: int, where: str) -> None:
    """For this process and its children only."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    new_namespace, private, nosuid_nodev = 0x20000, 1 << 18 | 1 << 14, 2 | 4
    if (libc.unshare(new_namespace) or libc.mount(b"none", b"/", None, ctypes.c_ulong(private), None)
            or libc.mount(b"faulty-disk", where.encode(), b"fuse", ctypes.c_ulong(nosuid_nodev), options)):
        sys.exit(f"faulty-disk.py: can't mount on {where}: {os.strerror(ctypes.get_errno())}")


def run(folder: str, plan: dict, command: list[str]) -> int:
    content = Content()
    content.load(plan.get("from", folder))
    content.begin()
    server = Server(content, plan)
    device = os.open("/dev/fuse", os.O_RDWR)
    mount(device, folder)
    thread = threading.Thread(target=server.serve, args=[device], daemon=True)
    thread.start()
    # Popen's child must not touch the disk before it is another program: this one serves nothing until then.
    server.child = subprocess.Popen(["/usr/bin/env", "--chdir", folder, *command], cwd="/")
    status = server.child.wait()
    changes = len(content.changes)
    ctypes.CDLL(None).umount2(folder.encode(), 2)
    thread.join(10)
    content.save(folder)
    if "log" in plan:
        with open(plan["log"], "wb") as file:
            pickle.dump(content, file)
    if "report" in plan:
        with open(plan["report"], "w") as file:
            json.dump({
                "requests": server.requests, "changes": changes, "hit": server.hit,
                "syncs": [{"request": request, "change": change} for request, change in server.syncs],
                "added": sum(len(change.arguments[1]) for change in content.changes if change.kind == "write"),
            }, file)
    return status if status >= 0 else 128 - status


def cut(log: str, moment: int, seed: int, folder: str) -> int:
    with open(log, "rb") as file:
        content = pickle.load(file)
    content.after_power_cut(moment, seed).save(folder)
    return 0


def main() -> int:
    if sys.argv[1] == "run":
        return run(sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:])
    if sys.argv[1] == "cut":
        return cut(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    print(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main())
