"""Nasty images that containerd takes: kinds of entries, names, times, attributes, and how layers lie on each other."""

import struct
from typing import Iterator

from layer_archive import Layer
from nasty_image import Image, base

CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # revision 2, effective: cap_net_bind_service
# An access control list (acl(5)) as the kernel stores it: owner, user 5, group, mask, other.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, bits, who)
    for tag, bits, who in [(1, 7, 0xFFFFFFFF), (2, 6, 5), (4, 5, 0xFFFFFFFF), (16, 7, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)])


def kinds() -> Iterator[Image]:
    layer = base("kinds").file("empty", b"").file("mode-0000", mode=0).file("mode-7777", mode=0o7777)
    layer.file("setuid", mode=0o4755, uid=5).file("setgid", mode=0o2755, gid=6).file("kind-in-mode", mode=0o100644)
    layer.folder("sticky", mode=0o1777).folder("closed", mode=0).file("closed/inside", mode=0)
    layer.fifo("fifo", mode=0o620).device("null", "3", 1, 3, mode=0o666).device("disk", "4", 8, 1, mode=0o4660)
    layer.device("large-number", "3", 511, 0xFFFFF).device("zero", "3", 0, 0).device("block-zero", "4", 0, 0)
    layer.symlink("dangling", "nowhere", uid=7, gid=8).symlink("absolute", "/etc/seed").symlink("up", "../../../etc")
    layer.symlink("mode", "x", mode=0o600).symlink("to-itself", "to-itself")
    layer.file("large", bytes(range(256)) * 2000).file("one-block", b"x" * 512).file("over-a-block", b"x" * 513)
    layer.folder("group", mode=0o2775, gid=50).file("group/file", gid=0).file("group/made/file")
    layer.folder("group/given", mode=0o755, gid=0)
    yield Image("kinds").layer(layer).layer(Layer().device("zero", "3", 0, 0, uid=4).file("plain"))

    layer = base("old-kinds").entry("regular-of-old", "\0", b"old", magic=b"")
    layer.entry("folder-of-old/", "0", mode=0o750, magic=b"").entry("other-folder-of-old/", "\0", mode=0o701)
    yield Image("old-kinds").layer(layer, fallback=True)

    layer = base("numbers").file("owner", uid=65534, gid=65534).file("large", uid=2_000_000_000, gid=3_000_000_000)
    layer.file("largest", uid=0xFFFFFFFE, gid=0xFFFFFFFE).file("pax", pax={"uid": "3000000001", "gid": "70000"})
    yield Image("numbers").layer(layer)
    layer = base("odd-numbers").file("base-256", b"0123456789", fields={124: b"\x80" + bytes(10) + b"\x0a", 100: b"\x80" + bytes(5) + b"\1\xa4"})
    layer.file("spaces", b"0123456789", fields={124: b"        12 \0", 100: b"   644 \0", 108: b"    12 \0"})
    layer.file("unended", b"0123456789", fields={124: b"000000000012", 100: b"00000755"})
    layer.file("nothing", b"", fields={108: bytes(8), 116: bytes(8), 136: bytes(12), 100: bytes(8)})
    layer.file("pax-size", b"0123456789", pax={"size": "10"}, size=0)
    layer.file("names", user="root", group="nobody-knows", uid=9).file("pax-names", pax={"uname": "x", "gname": "y"})
    layer.file("zeros-first", fields={108: b"\0\0  12\0 "}).folder("named", pax={"GNU.sparse.name": "other"})
    layer.file("empty-records", uid=3, pax={"uid": "", "path": "", "size": "", "mtime": ""})
    yield Image("odd-numbers").layer(layer, fallback=True)


def times() -> Iterator[Image]:
    layer = base("times").file("epoch", mtime=0).file("last-second", mtime=9_223_372_036)
    layer.file("2100", mtime=4_102_444_800).file("2300", mtime=10_413_792_000).file("9999", mtime=253_402_300_799)
    layer.file("largest", mtime=8**11 - 1).file("beyond", mtime=9_223_372_037)
    for name, text in {
        "nanoseconds": "1500000000.123456789", "ten-digits": "1500000000.1234567899", "one-digit": "1500000000.5",
        "no-digit": "1500000000.", "before": "-1.5", "just-before": "-0.25", "zero": "0", "year-2300": "10413792000.25",
    }.items():
        layer.file(f"pax-{name}", pax={"mtime": text}).folder(f"folder-{name}", pax={"mtime": text})
        layer.symlink(f"symlink-{name}", "x", pax={"mtime": text}).fifo(f"fifo-{name}", pax={"mtime": text})
    layer.file("access", pax={"atime": "1600000000.5", "mtime": "1500000000.25", "ctime": "1700000000"})
    layer.folder("a", pax={"mtime": "1500000001.000000001"}).folder("a/b", pax={"mtime": "1500000002.2"})
    layer.file("a/b/c").folder("a/d", mtime=1_500_000_003).file("a/b/e").folder("a", mtime=1_500_000_009)
    early = base("early-times").file("before", mtime=-5).file("long-before", mtime=-2_000_000_000)
    early.file("far-beyond", mtime=2**62).folder("long-ago", mtime=-(2**62))
    yield Image("early-times").layer(early, fallback=True)
    yield Image("times").layer(layer).layer(Layer().file("a/b/f")).layer(
        Layer().folder("a/b", mtime=1_500_000_010).file("a/b/g").entry("usr/", "5", mtime=1_500_000_011))


def attributes() -> Iterator[Image]:
    many = {"user.empty": b"", "user.bytes": b"\0\n=\xff", "trusted.one": "1", "trusted.overlay.opaque": "y",
            "security.sealift": "here", "security.capability": CAPABILITY, "nothing.known": "x", "user.long": b"v" * 1000}
    layer = base("attributes").file("file", xattrs=many, uid=5, mode=0o4755).folder("folder", xattrs=many, gid=6)
    layer.symlink("symlink", "file", xattrs={"security.sealift": "s", "trusted.x": "1"})
    layer.fifo("fifo", xattrs={"trusted.x": "1", "security.sealift": "s"})
    layer.device("device", "3", 1, 3, xattrs={"security.sealift": "s"})
    layer.file("linked", xattrs={"user.a": "1"}).link("link", "linked", xattrs={"user.b": "2"}, mode=0o600, uid=4)
    layer.file("other-writers", pax={"LIBARCHIVE.xattr.user.x": "eA==", "RHT.security.selinux": "x", "comment": "c"})
    layer.folder("acl", xattrs={"system.posix_acl_default": ACL}).file("acl/file", mode=0o666)
    layer.folder("acl/folder").file("acl/made/file").file("acl-file", xattrs={"system.posix_acl_access": ACL}, mode=0o640)
    user = base("user-attributes").symlink("symlink", "file", xattrs={"user.x": "1"})
    user.fifo("fifo", xattrs={"user.x": "1"}).device("device", "3", 1, 3, xattrs={"user.x": "1"})
    yield Image("user-attributes").layer(user, fallback=True)
    over = Layer().folder("folder", xattrs={"user.over": "2"}).file("folder-of-none/x")
    yield Image("attributes").layer(layer).layer(over).layer(Layer().file("folder/inside"))


def parents() -> Iterator[Image]:
    layer = base("parents").folder("a", mode=0o700, uid=1, gid=2, xattrs={"user.a": "1", "security.sealift": "s"})
    layer.folder("a/b", mode=0o1770, uid=3, xattrs={"trusted.b": "2"}).folder("a/b/c", mode=0o550, gid=4).file("f/g/h")
    layer.folder("s", mode=0o1777, gid=60).folder("gone", mode=0o711).folder("hidden", mode=0o710).file("hidden/x")
    layer.symlink("link", "a/b").symlink("absolute", "/a/b").symlink("up", "../../../a").symlink("dangling", "n/o/t")
    second = Layer().file("a/b/c/d/e").file("f/g/i").file("s/t/u").file("gone").file(".wh.hidden", b"")
    third = Layer().file("a/b/c/d/f").file("n/o/t/x/y").folder("a", mode=0o500, mtime=5, xattrs={"user.a": "2"})
    third.file("a/z").file("s/t/w").folder("s/t/v").file("f/x").folder("f", mode=0o700)
    fourth = Layer().file("a/b/c/d/g").file("s/t/v/x").file("a/b/.wh..wh..opq", b"").file("s/t/.wh..wh..opq", b"")
    fifth = Layer().file("s/t/.wh..wh..opq", b"").file("a/b/c/.wh.d", b"").file("f/g/.wh..wh..opq", b"")
    yield Image("parents").layer(layer).layer(second).layer(third).layer(fourth).layer(fifth)
    linked = Layer().file("link/from-link").file("absolute/c/from-absolute").file("up/from-up").file("dangling/x/file")
    over = Layer().file("gone/inside").file("hidden/inside").file("lib/more").file("link/c/z")
    yield Image("parents-elsewhere").layer(layer).layer(second).layer(linked, fallback=True).layer(over, fallback=True)
    yield Image("parents-over-files").layer(base("parents-over-files").file("a/z")).layer(
        Layer().file("a/b/c/d/g").file("s/t/v").file("a/z/over"), fallback=True)

    acl = {"system.posix_acl_default": ACL, "system.posix_acl_access": ACL}
    layer = base("parents-inherited").folder("acl", xattrs=acl).folder("s", mode=0o3777, gid=60).folder("s/t", gid=5)
    new = Layer().file("s/new/x").file("acl/new/x", mode=0o666).folder("acl/made", mode=0o777).folder("s/t/u", gid=7)
    described = Layer().file("acl/x").folder("acl", mode=0o711).file("s/y/z").folder("s", mode=0o755)
    yield Image("parents-inherited").layer(layer).layer(new, fallback=True).layer(described, fallback=True)
    layer = Layer().folder("acl", xattrs=acl).file("acl/new/x", mode=0o666).folder("s", mode=0o2755, gid=60)
    yield Image("inherited").layer(base("inherited")).layer(layer.file("s/new/x").folder("s/made"))


def symlinks() -> Iterator[Image]:
    layer = base("symlinks").file("lib/through").folder("lib/folder", mtime=7).file("lib/folder/file")
    layer.symlink("root", "/").file("root/in-root").folder("root/folder", mtime=8).symlink("up", "../../../../etc")
    layer.file("up/in-etc").symlink("usr/abs", "/usr/lib").file("usr/abs/in-lib").symlink("chain", "chain-2")
    layer.symlink("chain-2", "./usr/../usr/abs/").file("chain/in-chain").symlink("dangling", "made/here")
    layer.file("dangling/file").folder("dangling", mtime=9, mode=0o700).symlink("dots", "usr/..")
    layer.file("dots/in-root-too").symlink("to-proc", "/proc/self/root").file("to-proc/never-outside")
    layer.folder("real", mtime=10).symlink("to-real", "real").folder("to-real/sub", mtime=11, mode=0o711)
    layer.folder("then", mtime=12).symlink("then", "real").symlink("last", "usr").folder("last/", mtime=13)
    yield Image("symlinks").layer(layer, fallback=True).layer(
        Layer().symlink("usr", "etc").file("usr/x").file("lib/y"), fallback=True)


def duplicates() -> Iterator[Image]:
    layer = base("duplicates").file("file", "first").file("file", "second", mode=0o600)
    layer.file("to-folder").folder("to-folder", mode=0o700).file("to-folder/x").folder("to-file").file("to-file/x/y")
    layer.file("to-file").folder("twice", mode=0o700, uid=1, mtime=5, xattrs={"user.a": "1"}).file("twice/x")
    layer.folder("twice", mode=0o750, mtime=6, xattrs={"user.b": "2"}).symlink("to-real", "etc").folder("to-real")
    layer.file("to-real/x").folder("to-symlink", mtime=7).file("to-symlink/x").symlink("to-symlink", "etc")
    layer.file("one").link("two", "one").file("one", "other").file("three").link("three-b", "three").link("three-b", "one")
    layer.fifo("fifo").file("fifo").file("device").device("device", "3", 1, 3).symlink("s", "a").symlink("s", "b")
    layer.folder("tree", mtime=14).folder("tree/a", mtime=15).file("tree/a/b").file("tree/a").folder("tree/a", mtime=16)
    twice = base("twice").folder("a", mode=0o700, uid=1, mtime=5, xattrs={"user.a": "1"}).file("a/x").folder("a/b")
    twice.folder("a", mode=0o750, mtime=6, xattrs={"user.b": "2"}).file("c/d/x").folder("c", mtime=7).folder("c/d")
    yield Image("twice").layer(twice).layer(twice)
    second = Layer().folder("file").file("file/x").file("to-folder").symlink("to-file", "x").file("twice/y")
    yield Image("duplicates").layer(layer, fallback=True).layer(second).layer(Layer().file("file").folder("to-folder").folder("to-file"))


def names() -> Iterator[Image]:
    layer = base("names").folder("./", mode=0o700, mtime=5).folder("./dot/").file("./dot/file").file("/absolute")
    layer.folder("//double//slash//").file("//double//slash//file")
    up = base("names-up").file("a/../b").file("../up").file("../../etc/up").file("/../above").folder("..", mode=0o700)
    up.folder("./dot").file("dot/file").entry("./dot/../dot/.", "5", mode=0o711).file("e/..", "root?").file("", b"no name")
    up.link("link-dots", "./dot/../dot/file").link("link-up", "../../up")
    yield Image("names-up").layer(up, fallback=True)
    layer.file("x/./y").folder("trailing///").folder("/", mode=0o700)
    layer.link("link-absolute", "/absolute").link("link-dot", "./dot/./file").file("space and\ttab").file("new\nline")
    layer.file(b"bad-\xff\xfe-utf8").file("ünïcödé").file("colon:comma,back\\slash").file(b"\x01\x1b[2J").file(" ").file("-rf")
    layer.file("a" * 255).file(b"\xc3\xa5").file(b"a\xcc\x8a").file("...").file("dot./x").file("wh.x").file("x.wh.y")
    layer.file(b"cut\0here").symlink("bad-target", b"\xff\n").file("*").file("Case").file("case")
    yield Image("names").layer(layer).layer(Layer().folder("./").file("./dot/more").file("/dot/again"))

    long = "long-" * 30
    gnu = {"magic": b"ustar  \0"}
    layer = base("gnu-names").long("L", f"gnu/{long}").file("short", **gnu)
    layer.long("K", "t" * 3000).symlink("gnu-target", "short", **gnu)
    layer.long("L", f"gnu/{long}-2").long("K", f"gnu/{long}").link("short", "short", **gnu)
    layer.long("K", f"gnu/{long}").long("L", f"gnu/{long}-3").link("short", "short", **gnu)
    layer.long("L", "gnu/folder/").folder("short", **gnu)
    yield Image("gnu-names").layer(layer)
    layer = base("pax-names").file("l", prefix="p" * 20 + "/q").file("n" * 99, prefix="p" * 155)
    layer.file("short", pax={"path": f"pax/{long}"}).symlink("x", "y", pax={"path": "pax/target", "linkpath": "t" * 4000})
    layer.link("x", "y", pax={"path": "pax/link", "linkpath": f"pax/{long}"})
    layer.folder("x", pax={"path": f"pax/folder-{long}/"}).file("x", pax={"path": "/".join(["d" * 250] * 12)})
    layer.folder("x", pax={"path": "/".join("f" * 190), "mtime": "5"}).file("unix-v7", magic=b"")
    yield Image("pax-names").layer(layer)
    layer = base("mixed-names").long("L", "gnu/in-pax").file("short").long("L", "gnu/over-pax").file(
        "x", pax={"path": "pax/over-gnu"})
    layer.file("x", pax={"path": b"pax/bad-\xff"}).file("x", pax={"path": "pax/slash/"})
    layer.file("old-gnu", magic=b"ustar  \0", prefix="no/prefix").file("star", fields={508: b"tar\0"})
    yield Image("mixed-names").layer(layer, fallback=True)
    yield Image("deep").layer(
        base("deep").folder("x", pax={"path": "/".join("e" * 1000), "mtime": "5"}), fallback=True)

    layer = base("global").extended({"comment": "all of it"}, "g", "pax_global_header").file("a")
    layer.extended({"path": "b-by-global", "mtime": "1", "uid": "77", "SCHILY.xattr.user.g": "1"}, "g", "b").file("b")
    layer.file("under/name").extended({"comment": "x"}, "g", "under/name").file("kept").extended({}, "g", "made/by-global")
    yield Image("global-headers").layer(layer, fallback=True)
    yield Image("global-last").layer(base("global-last").extended({"a": "b"}, "g", "made/by-global"), fallback=True)


def links() -> Iterator[Image]:
    layer = base("links").file("a", "one").link("b", "a").link("c", "b", mode=0o600, uid=5, mtime=5).link("usr/d", "a")
    layer.link("e", "usr/d").symlink("s", "a").link("s-link", "s", uid=6).symlink("dangling", "nowhere")
    layer.link("dangling-link", "dangling").fifo("fifo").link("fifo-link", "fifo").device("null", "3", 1, 3)
    layer.link("null-link", "null").folder("f").link("f/a", "./a").link("f/b", "/a").link("made/here", "a")
    layer.link("sized", "a", size=0)
    yield Image("links").layer(layer).layer(Layer().file("x").link("y", "x").link("z", "y").file("a", "over").link("b", "a"))
    odd = base("odd-links").file("a").link("lib/d", "a").link("e", "lib/d").folder("f").symlink("through", "/f").link("f/c", "../a").link("f/d", "through/../a")
    odd.file("replaced").link("stays", "replaced").folder("replaced").file("target").link("target-2", "target")
    odd.file("target", "anew").link("target-3", "target").link("f/through", "lib/../lib/a")
    yield Image("odd-links").layer(odd, fallback=True)


def whiteouts() -> Iterator[Image]:
    layer = base("whiteouts").file("file").folder("folder", mode=0o710, uid=3, xattrs={"user.a": "1"}).file("folder/x")
    layer.file("opaque/a").file("opaque/b/c").file("late/a").file("early/a").file("again/a").file("again/sub/b")
    layer.folder("bare", mode=0o701, mtime=5).file("bare/x").symlink("link", "folder").file("wh/x/y")
    second = Layer().file(".wh.file", b"", uid=5, gid=6, mode=0o600).file("folder/.wh.x", b"").file(".wh.nothing", b"")
    second.folder("opaque", mtime=7).file("opaque/.wh..wh..opq", b"").file("opaque/new").file("bare/.wh..wh..opq", b"")
    second.folder("late").file("late/new").file("late/sub/x").file("late/.wh..wh..opq", b"", xattrs={"user.x": "1"})
    second.file("early/.wh..wh..opq", b"").folder("early", mode=0o700).file("early/new").file("nowhere/.wh..wh..opq", b"")
    second.file(".wh.again", "content").folder("usr").file("usr/.wh.lib", b"")
    third = Layer().folder("again").file("again/x").file("folder/x").file(".wh.usr", b"").file("opaque/.wh.new", b"").file("file")
    third.folder(".wh.late", mode=0o755).file("early/.wh..wh..opq", b"").file("bare/z").file("wh/.wh.x", b"")
    fourth = Layer().file(".wh.opaque", b"").file("again/.wh.x", b"").folder("wh/x").file("wh/x/z").folder("late")
    yield Image("whiteouts").layer(layer).layer(second).layer(third).layer(fourth).layer(
        Layer().file("opaque/made").file("wh/new"), fallback=True)

    same = Layer().file(".wh.a", b"").folder("a").file("a/new").file(".wh.f", b"").file("f", "new").file("root", "x")
    same.file(".wh.g", b"").symlink("g", "etc").file("d/.wh..wh..opq", b"").file("d/.wh.x", b"").file("d/y")
    yield Image("whiteouts-then-made").layer(
        base("whiteouts-then-made").symlink("link", "d").file("a/old").file("f").file("g").file("d/x").file("d/z")).layer(same.file("link/.wh.y", b""), fallback=True)

    yield Image("opaque-root").layer(base("opaque-root")).layer(Layer().file(".wh..wh..opq", b"").file("new"))

    meta = Layer().folder(".wh..wh.plnk", mode=0o700).file(".wh..wh.aufs", b"").file("x/.wh..wh.orph", b"")
    yield Image("aufs").layer(base("aufs")).layer(meta, fallback=True)
    strange = Layer().file(".wh.x/inside", b"1").symlink("etc/.wh.seed", "x").link("etc/.wh.other", "nowhere")
    strange.file("usr/.wh.lib/", b"").fifo(".wh.fifo", uid=9)
    yield Image("strange-whiteouts").layer(base("strange-whiteouts")).layer(strange, fallback=True)

    layer = base("base-whiteouts").file("gone").file(".wh.gone", b"").file("d/x").file("d/sub/y")
    layer.file(".wh.d", b"").file("o/a").file("o/b/c").file("o/.wh..wh..opq", b"").file("o/d").file(".wh.nothing", b"")
    layer.file("made/.wh.x", b"").file("lib/.wh.a", b"").file("p/.wh..wh..opq", b"").file("p/x")
    yield Image("base-whiteouts").layer(layer, fallback=True).layer(Layer().file("o/.wh.d", b"").file(".wh.p", b""))


def replaced() -> Iterator[Image]:
    layer = base("replaced").folder("a").file("a/b").symlink("s", "a").file("f").folder("d/e", mode=0o700).file("d/e/g")
    second = Layer().file("a").folder("s", mode=0o700).folder("f").file("f/x").symlink("d", "a")
    third = Layer().folder("a", mode=0o711).file("a/b").file("s/y").file(".wh.f", b"").file("d/h")
    yield Image("replaced").layer(layer).layer(second).layer(third, fallback=True).layer(Layer().folder("d").file("d/i"))


def trees() -> Iterator[Image]:
    for group in (kinds, times, attributes, parents, symlinks, duplicates, names, links, whiteouts, replaced):
        yield from group()
