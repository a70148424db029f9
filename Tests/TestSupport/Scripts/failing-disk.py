"""A disk that can't read some of its bytes: a file system with one file on it, through Linux's FUSE.

Usage: failing-disk.py FILE MOUNTPOINT START END

MOUNTPOINT gets FILE under its own name, read-only; reading any of its bytes from START to before END fails with EIO,
as a bad sector does, and a read that reaches them ends before them. Lasts until this process is killed. Needs root.
"""

import ctypes
import errno
import os
import stat
import struct
import sys

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 18, 25, 26
OPENDIR, READDIR, RELEASEDIR, STATFS, ACCESS, BATCH_FORGET = 27, 28, 29, 17, 34, 42
ROOT, FILE = 1, 2
DIRECT_IO = 1  # of fuse_open_out: every read comes here, and the kernel keeps no pages


class Disk:
    def __init__(self, path: str, start: int, end: int):
        self.file = os.open(path, os.O_RDONLY)
        self.size = os.fstat(self.file).st_size
        self.name = os.path.basename(path).encode()
        self.start, self.end = start, end

    def attributes(self, node: int) -> bytes:
        folder = node == ROOT
        mode, size = (stat.S_IFDIR | 0o755, 0) if folder else (stat.S_IFREG | 0o644, self.size)
        return struct.pack("<6Q10I", node, size, -(-size // 512), 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def read(self, offset: int, count: int) -> bytes:
        if self.start <= offset < self.end:
            raise OSError(errno.EIO, "bad sector")
        if offset < self.start:
            count = min(count, self.start - offset)
        return os.pread(self.file, count, offset)

    def answer(self, operation: int, node: int, body: bytes) -> bytes:
        if operation == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 131072, 0, 16, 12, 131072, 1, 32, 0, 0)
        if operation == LOOKUP:
            if body.rstrip(b"\0") != self.name:
                raise OSError(errno.ENOENT, "no such file")
            return struct.pack("<4Q2I", FILE, 0, 3600, 3600, 0, 0) + self.attributes(FILE)
        if operation == GETATTR:
            return struct.pack("<Q2I", 3600, 0, 0) + self.attributes(node)
        if operation in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, DIRECT_IO if operation == OPEN else 0, 0)
        if operation == READ:
            _, offset, count = struct.unpack_from("<QQI", body)
            return self.read(offset, count)
        if operation == READDIR:
            return b"" if struct.unpack_from("<Q", body, 8)[0] else self.entry()
        if operation == STATFS:
            return struct.pack("<5Q4I24x", 1 << 20, 0, 0, 1, 0, 4096, 255, 4096, 0)
        if operation in (RELEASE, RELEASEDIR, FLUSH, ACCESS):
            return b""
        raise OSError(errno.ENOSYS, "not here")

    def entry(self) -> bytes:
        entry = struct.pack("<QQII", FILE, 1, len(self.name), stat.S_IFREG >> 12) + self.name
        return entry + b"\0" * (-len(entry) % 8)


def mount(device: int, where: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    read_only_nosuid_nodev = 1 | 2 | 4
    if libc.mount(b"failing-disk", where.encode(), b"fuse", ctypes.c_ulong(read_only_nosuid_nodev), options):
        number = ctypes.get_errno()
        sys.exit(f"failing-disk.py: can't mount on {where}: {os.strerror(number)}")


def serve(device: int, disk: Disk) -> None:
    while True:
        request = os.read(device, 1 << 20)
        _, operation, unique, node = struct.unpack_from("<IIQQ", request)
        if operation in (FORGET, BATCH_FORGET):
            continue
        error, answer = 0, b""
        try:
            answer = disk.answer(operation, node, request[40:])
        except OSError as failure:
            error = failure.errno
        os.write(device, struct.pack("<IiQ", 16 + len(answer), -error, unique) + answer)


def main() -> None:
    if sys.argv[1] == "--help":
        print(__doc__)
        return
    path, where, start, end = sys.argv[1:]
    device = os.open("/dev/fuse", os.O_RDWR)
    disk = Disk(path, int(start), int(end))
    mount(device, where)
    serve(device, disk)


if __name__ == "__main__":
    main()
