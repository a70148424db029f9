"""Layers, byte by byte: tar archives as no sound program writes them, and what they are compressed with."""

import gzip
import io
import struct
import zlib

BLOCK = 512
START = 1_400_000_000  # seconds; each entry without a time of its own gets the next one


def octal(value: int, width: int) -> bytes:
    """A number field: octal digits and a NUL, or base 256 where these do not hold it."""
    if 0 <= value < 8 ** (width - 1):
        return b"%0*o\0" % (width - 1, value)
    return base256(value, width)


def base256(value: int, width: int) -> bytes:
    """A number field as GNU writes large and negative ones."""
    encoded = bytearray(value.to_bytes(width, "big", signed=True))
    encoded[0] |= 0x80
    return bytes(encoded)


def record(key: bytes, value: bytes) -> bytes:
    """One record of a PAX header: its length counts itself."""
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length = len(b"%d" % length) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (length, key, value)


def as_bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class Layer:
    """A tar archive that grows with every call; `content` is all of it but the end."""

    def __init__(self):
        self.content = bytearray()
        self.entries = 0

    def raw(self, content: bytes) -> "Layer":
        """Any bytes at all."""
        self.content += content
        return self

    def header(
        self, name=b"", kind="0", size=0, mode=0o644, uid=0, gid=0, mtime=0, link=b"", magic=b"ustar\x0000",
        user=b"", group=b"", major=0, minor=0, prefix=b"", fields=None, checksum=None,
    ) -> bytes:
        """A header as it is, cut where a field is too short. `fields` are bytes to put at offsets."""
        block = bytearray(BLOCK)

        def put(offset: int, value: bytes, width: int):
            block[offset:offset + width] = value[:width].ljust(width, b"\0")

        put(0, as_bytes(name), 100)
        put(100, octal(mode, 8), 8)
        put(108, octal(uid, 8), 8)
        put(116, octal(gid, 8), 8)
        put(124, octal(size, 12), 12)
        put(136, octal(mtime, 12), 12)
        put(156, as_bytes(kind), 1)
        put(157, as_bytes(link), 100)
        put(257, magic, 8)
        put(265, as_bytes(user), 32)
        put(297, as_bytes(group), 32)
        if magic:
            put(329, octal(major, 8), 8)
            put(337, octal(minor, 8), 8)
        put(345, as_bytes(prefix), 155)
        for offset, value in (fields or {}).items():
            block[offset:offset + len(value)] = value
        block[148:156] = b" " * 8
        total = sum(block) if checksum is None else checksum(block)
        block[148:156] = b"%06o\0 " % total
        return bytes(block)

    def entry(
        self, name, kind="0", body=b"", pax=None, xattrs=None, mtime=None, padding=True, size=None, **others
    ) -> "Layer":
        """An entry; `pax` and `xattrs` go into a PAX header before it. `size` may lie."""
        self.entries += 1
        records = {as_bytes(key): as_bytes(value) for key, value in (pax or {}).items()}
        for key, value in (xattrs or {}).items():
            records[b"SCHILY.xattr." + as_bytes(key)] = as_bytes(value)
        if records:
            self.extended(records)
        self.raw(self.header(
            name, kind, size=len(body) if size is None else size, mtime=START + self.entries if mtime is None else mtime,
            **others))
        self.raw(body)
        return self.raw(bytes(-len(body) % BLOCK)) if padding else self

    def extended(self, records, kind="x", name=b"PaxHeaders/x") -> "Layer":
        """A PAX header, `g` for a global one."""
        body = records if isinstance(records, bytes) else b"".join(
            record(as_bytes(key), as_bytes(value)) for key, value in records.items())
        self.raw(self.header(name, kind, size=len(body)) + body)
        return self.raw(bytes(-len(body) % BLOCK))

    def long(self, kind: str, text) -> "Layer":
        """GNU's way of a long name (L) or a long link target (K) of the next entry."""
        body = as_bytes(text) + b"\0"
        self.raw(self.header(b"././@LongLink", kind, size=len(body), magic=b"ustar  \0") + body)
        return self.raw(bytes(-len(body) % BLOCK))

    def file(self, name, body=b"content\n", **others) -> "Layer":
        return self.entry(name, "0", as_bytes(body), **others)

    def folder(self, name, mode=0o755, **others) -> "Layer":
        return self.entry(name, "5", mode=mode, **others)

    def symlink(self, name, target, mode=0o777, **others) -> "Layer":
        return self.entry(name, "2", link=target, mode=mode, **others)

    def link(self, name, target, **others) -> "Layer":
        return self.entry(name, "1", link=target, **others)

    def device(self, name, kind, major, minor, **others) -> "Layer":
        return self.entry(name, kind, major=major, minor=minor, **others)

    def fifo(self, name, **others) -> "Layer":
        return self.entry(name, "6", **others)

    def end(self) -> bytes:
        """All of it, with the two empty blocks that end an archive."""
        return bytes(self.content) + bytes(2 * BLOCK)


def gzipped(content: bytes, level: int = 6) -> bytes:
    """A single gzip member, the same every time."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=level, mtime=0) as stream:
        stream.write(content)
    return target.getvalue()


def gzip_with_everything(content: bytes) -> bytes:
    """A gzip member with each optional field of its header."""
    head = b"\x1f\x8b\x08\x1e" + bytes(4) + b"\x02\x03" + struct.pack("<H", 6) + b"AB\x02\0xy" + b"name\0comment\0"
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = pack.compress(content) + pack.flush()
    return head + body + struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def zstd(content: bytes) -> bytes:
    """A zstd frame (RFC 8878) of raw blocks, a single segment."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content)))
    starts = range(0, max(len(content), 1), 128 << 10)
    for start in starts:
        piece = content[start:start + (128 << 10)]
        frame += struct.pack("<I", len(piece) << 3 | (start == starts[-1]))[:3] + piece
    return bytes(frame)


def zstd_skippable(content: bytes) -> bytes:
    """A frame that decompressors skip."""
    return struct.pack("<II", 0x184D2A53, len(content)) + content
