"""Nasty images by how their archives are made and packed, and those that containerd refuses."""

from typing import Iterator

from layer_archive import BLOCK, Layer, gzip_with_everything, gzipped, record, zstd, zstd_skippable
from nasty_image import Image, base

HALF = 3000


def packed() -> Iterator[Image]:
    content = base("packed").file("large", bytes(range(256)) * 300).end()
    for name, pack, suffix in [
        ("members", lambda all: gzipped(all[:HALF]) + gzipped(b"") + gzipped(all[HALF:]), "+gzip"),
        ("stored", lambda all: gzipped(all, 0), "+gzip"),
        ("all-fields", gzip_with_everything, "+gzip"),
        ("plain", lambda all: all, ""),
        ("plain-as-gzip", lambda all: all, "+gzip"),
        ("zstd", zstd, "+zstd"),
        ("zstd-frames", lambda all: zstd(all[:HALF]) + zstd_skippable(b"x" * 99) + zstd(all[HALF:]), "+zstd"),
    ]:
        unique = content + name.encode().ljust(BLOCK, b"\0")
        yield Image(f"packed-{name}").layer(unique, pack=pack, suffix=suffix, fallback=name == "plain-as-gzip").layer(
            Layer().file("usr/more"), pack=pack, suffix=suffix, fallback=name == "plain-as-gzip")


def ends() -> Iterator[Image]:
    def content(name: str) -> bytes:
        return bytes(base(name).file("last", b"x" * 100).content)

    yield Image("end-none").layer(content("end-none"))
    yield Image("end-one-block").layer(content("end-one-block") + bytes(BLOCK))
    yield Image("end-then-zeros").layer(content("end-then-zeros") + bytes(100 * BLOCK))
    yield Image("end-then-garbage").layer(content("end-then-garbage") + bytes(2 * BLOCK) + b"garbage" * 1000)
    yield Image("end-then-archive").layer(base("end-then-archive").end() + Layer().file("after").end())
    yield Image("end-odd").layer(content("end-odd") + bytes(2 * BLOCK + 77))
    yield Image("end-unpadded").layer(bytes(base("end-unpadded").file("last", b"x" * 100, padding=False).content), fallback=True)

    yield Image("empty-archive").layer(base("empty-archive")).layer(Layer()).layer(Layer().file("x"))
    yield Image("empty-first").layer(Layer().raw(bytes(BLOCK))).layer(Layer().file("empty-first"))
    yield Image("no-bytes").layer(base("no-bytes")).layer(b"", suffix="", pack=bytes, fallback=True)
    yield Image("no-bytes-packed").layer(base("no-bytes-packed")).layer(b"", fallback=True)
    yield Image("only-root").layer(Layer().folder("./", mode=0o700, uid=5, mtime=5)).layer(
        Layer().folder("/", mode=0o711)).layer(Layer().file("only-root"))
    yield Image("same-layer-twice").layer(base("same-layer-twice")).layer(base("same-layer-twice"))


def sparse() -> Iterator[Image]:
    layer = base("sparse-gnu")
    fields = {386: b"%011o\0%011o\0" % (1024, 5) + b"%011o\0%011o\0" % (4096, 0), 483: b"%011o\0" % 4096}
    layer.entry("sparse", "S", b"12345", magic=b"ustar  \0", fields=fields).file("after")
    yield Image("refused-sparse-gnu").refuses(layer)

    one = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "sparse", "GNU.sparse.realsize": "4096"}
    yield Image("sparse-pax-1-0").layer(
        base("sparse-1.0").file("GNUSparseFile.0/sparse", b"2\n1024\n5\n4096\n0\n".ljust(BLOCK, b"\0") + b"12345", pax=one),
        fallback=True)
    layer = base("sparse-0.0").extended(
        record(b"GNU.sparse.size", b"4096") + record(b"GNU.sparse.numblocks", b"1")
        + record(b"GNU.sparse.offset", b"1024") + record(b"GNU.sparse.numbytes", b"5"))
    yield Image("sparse-pax-0-0").layer(layer.file("sparse", b"12345"), fallback=True)
    zero = {"GNU.sparse.size": "4096", "GNU.sparse.numblocks": "1", "GNU.sparse.map": "1024,5", "GNU.sparse.name": "sparse"}
    yield Image("sparse-pax-0-1").layer(base("sparse-0.1").file("other", b"12345", pax=zero), fallback=True)


def sizes(large: bool) -> Iterator[Image]:
    files, zeros = (20_000, 300 << 20) if large else (500, 4 << 20)
    layer = base("many")
    for number in range(files):
        layer.file(f"many/{number % 97}/{number}", b"%d" % number * (number % 50), uid=number % 7)
    yield Image("many-files").layer(layer).layer(Layer().file("many/5/new").file("many/6/.wh..wh..opq", b""))
    yield Image("zeros").layer(base("zeros").file("zeros", bytes(zeros)).file("after"))


def refused() -> Iterator[Image]:
    """On top of a sound layer; each is refused by containerd."""
    header = Layer().header
    wrong = header("x", checksum=lambda block: sum(block) + 1)
    fine = Layer().file("fine").content
    for name, layer in {
        "link-missing": Layer().link("a", "nowhere"),
        "link-before-target": Layer().link("a", "b").file("b"),
        "link-to-lower": Layer().link("a", "etc/seed"),
        "link-to-itself": Layer().file("a").link("a", "a"),
        "link-to-folder": Layer().folder("a").link("b", "a"),
        "link-through-symlink": Layer().file("a").symlink("s", "a").link("b", "s/a"),
        "parent-is-file": Layer().file("a").file("a/b"),
        "name-of-256": Layer().file("x", pax={"path": "n" * 256}),
        "path-of-5000": Layer().file("x", pax={"path": "/".join(["d" * 200] * 25)}),
        "symlink-of-4096": Layer().symlink("x", "y", pax={"linkpath": "t" * 4096}),
        "symlink-loop": Layer().symlink("a", "b").symlink("b", "a").file("a/x"),
        "whiteout-of-made": Layer().file("a").file(".wh.a", b""),
        "whiteout-twice": Layer().file(".wh.etc", b"").file(".wh.etc", b""),
        "whiteout-of-dot": Layer().file("etc/.wh..", b""),
        "whiteout-of-dots": Layer().file("etc/.wh...", b""),
        "xattr-too-large": Layer().file("a", xattrs={"user.x": b"v" * 70_000}),
        "xattr-no-name": Layer().file("a", xattrs={"user.": b"v"}),
        "unknown-kind": Layer().file("fine").entry("a", "Z"),
        "contiguous-kind": Layer().entry("a", "7", b"x"),
        "volume-kind": Layer().entry("a", "V"),
        "bad-checksum": Layer().file("fine").raw(wrong),
        "bad-number": Layer().file("a", fields={124: b"0000000001x\0"}),
        "negative-size": Layer().file("a", fields={124: b"\xff" * 12}),
        "garbage": Layer().file("fine").raw(b"garbage".ljust(BLOCK, b"!")),
        "bad-pax": Layer().extended(b"12 path=x\n").file("a"),
        "number-with-more": Layer().file("a", fields={108: b"0012 7\0\0"}),
        "file-with-device": Layer().file("a", fields={329: b"garbage\0"}),
        "pax-size-no-number": Layer().file("a", b"x", pax={"size": "x"}),
        "pax-time-no-number": Layer().file("a", pax={"ctime": "x"}),
        "pax-nul-after": Layer().extended(record(b"comment", b"x") + bytes(20)).file("a"),
        "pax-no-key": Layer().extended(record(b"", b"xyz")).file("a"),
        "pax-nul-in-owner": Layer().file("a", pax={"uname": "a\0b"}),
        "pax-nul-in-key": Layer().file("a", pax={"a\0b": "c"}),
        "solaris-pax": Layer().extended({"path": "b"}, "X").file("a"),
        "nul-in-pax": Layer().file("a", pax={"path": "a\0b"}),
        "body-cut": bytes(Layer().file("a", b"x" * 5000).content[:2000]),
        "header-cut": bytes(fine + wrong[:100]),
        "pax-cut": bytes(fine + Layer().extended({"comment": "x" * 2000}).content[:1000]),
    }.items():
        yield Image(f"refused-{name}").layer(base(name)).refuses(layer)
    for name, lower, layer in [
        ("made-in-whiteout", Layer().file(".wh.etc", b""), Layer().file("etc/made/x")),
        ("made-in-file", Layer().file("etc"), Layer().file("etc/made/x")),
    ]:
        yield Image(f"refused-{name}").layer(base(name)).layer(lower).refuses(layer)
    gone = base("folder-taken-away").folder("d").file(".wh.d", b"")
    yield Image("refused-folder-taken-away").refuses(gone)
    for name, pack in {
        "gzip-garbage": lambda all: gzipped(all) + b"garbage",
        "gzip-cut": lambda all: gzipped(all)[:-20],
        "gzip-checksum": lambda all: gzipped(all)[:-8] + b"12345678",
        "other-content": lambda all: gzipped(base("other").end()),
        "gzip-zeros": lambda all: gzipped(all) + bytes(1000),
    }.items():
        content = base(f"{name}-2").file("large", bytes(range(256)) * 10)
        yield Image(f"refused-{name}").layer(base(name)).refuses(content, pack=pack)


def archives(large: bool) -> Iterator[Image]:
    for group in (packed(), ends(), sparse(), sizes(large), refused()):
        yield from group
