#!/usr/bin/env python3
"""Usage: make-archives.py FOLDER

Makes Java archives of every form that zip has, and some that it must not have.
"""

import io
import random
import struct
import sys
import zipfile
from pathlib import Path

FOLDER = Path(sys.argv[1])


class Pipe(io.RawIOBase):
    """A file that can't seek: zipfile then writes sizes behind the entries, as Java does."""

    def __init__(self):
        self.parts = []

    def writable(self):
        return True

    def write(self, data):
        self.parts.append(bytes(data))
        return len(data)


def properties(name, version="1.0", group="org.example"):
    return f"#made by a test\ngroupId={group}\nartifactId={name}\nversion={version}\n".encode()


def archive(name, extra=(), method=zipfile.ZIP_DEFLATED, streamed=False, poms=None, force_zip64=False):
    file = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        made.writestr("META-INF/", b"")
        made.writestr("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\nBundle-Version: 7.7\r\n\r\nName: a\r\n")
        made.writestr("org/example/Big.class", bytes(range(256)) * 1000)
        for pom in [name] if poms is None else poms:
            made.writestr(f"META-INF/maven/org.example/{pom}/pom.properties", properties(pom))
        for path, content in extra:
            with made.open(zipfile.ZipInfo(path) if method == 0 else path, "w", force_zip64=force_zip64) as entry:
                entry.write(content)
    return b"".join(file.parts) if streamed else file.getvalue()


def write(name, data):
    (FOLDER / name).write_bytes(data)


inner = archive("inner")
write("deflated-1.0.jar", archive("deflated", [("lib/inner-1.0.jar", inner)]))
write("stored-1.0.jar", archive("stored", [("lib/inner-1.0.jar", inner)], method=zipfile.ZIP_STORED))
write("streamed-1.0.jar", archive("streamed", [("lib/inner-1.0.jar", inner)], streamed=True))
write("large-1.0.jar", archive("large", [("lib/inner-1.0.jar", inner)], force_zip64=True))
write("streamed-large-1.0.jar",
      archive("streamed-large", [("lib/inner-1.0.jar", inner)], streamed=True, force_zip64=True))
noise = random.Random(1).randbytes
write("decoys-1.0.jar", archive("decoys", [
    # Nothing of these can be compressed: marks stay marks, with the very distance behind some of them.
    ("marks", b"".join(noise(30) + b"PK\7\10" for _ in range(50))),
    ("distances", b"".join(noise(40) + b"PK\7\10" + noise(4) + struct.pack("<I", 45 + 60 * number) + noise(8)
                           for number in range(100))),
    ("entry", noise(300) + b"PK\7\10" + noise(12) + b"PK\3\4" + noise(300)),
    ("far", noise(400_000)), ("nothing", b""),
    ("lib/inner-1.0.jar", inner),
], streamed=True))
write("self-running-1.0.jar", b"#!/bin/sh\nexec java -jar \"$0\" # P PK\n" + archive("self-running"))
write("uber-2.5.jar", archive("uber", poms=["guava", "gson"]))
write("unnamed.jar", archive("unnamed", poms=[]))
write("empty.jar", archive("", poms=[])[:0] + b"PK\5\6" + bytes(18))

nar = io.BytesIO()
with zipfile.ZipFile(nar, "w") as made:
    made.writestr("META-INF/MANIFEST.MF",
                  b"Manifest-Version: 1.0\nNar-Id: nifi-a-nar\nNar-Group: org.apache.nifi.and.a.very.long.group\n"
                  b" .that.goes.on\nNar-Version: 1.23.2\n\n")
    made.writestr("META-INF/bundled-dependencies/inner-1.0.jar", inner)
write("nifi-a.nar", nar.getvalue())

deep = archive("deep6")
for level in range(5, 0, -1):
    deep = archive(f"deep{level}", [(f"lib/deep{level + 1}.jar", deep)])
write("deep1.jar", deep)

# What must not be.
good = bytearray(archive("good", [("lib/inner-1.0.jar", inner)]))
write("truncated.jar", good[:len(good) // 2])
write("no-zip.jar", b"this is no archive" * 100)
lying = bytearray(good)
first = good.index(b"PK\3\4", 4)  # the second entry's header
struct.pack_into("<I", lying, first + 18, struct.unpack_from("<I", good, first + 18)[0] + 5)
write("lying.jar", lying)
short = bytearray(good)
struct.pack_into("<I", short, first + 18, 1)
write("short.jar", short)
hidden = bytearray(good)
end = hidden.rindex(b"PK\1\2")
write("hidden.jar", hidden[:end] + hidden[hidden.rindex(b"PK\5\6"):])
encrypted = bytearray(good)
encrypted[first + 6] |= 1
write("encrypted.jar", encrypted)
odd = bytearray(good)
odd[first + 8] = 99
write("method.jar", odd)

# Zeros in an archive in an archive, 16 times. In the second form their ends are only to be found by unpacking.
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1


def bomb(name, streamed):
    inner = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as made:
        with made.open(name, "w", force_zip64=True) as entry:
            for _ in range(COUNT):
                entry.write(bytes(1 << 24))
    content = b"".join(inner.parts) if streamed else inner.getvalue()
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(16):
            made.writestr(f"{number}.jar", content)
    return outer.getvalue()


write("bomb.jar", bomb("zeros.jar", False))
write("streamed-bomb.jar", bomb("zeros", True))
