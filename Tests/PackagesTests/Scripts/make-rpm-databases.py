#!/usr/bin/env python3
"""Usage: make-rpm-databases.py FOLDER

Has rpmbuild build packages, rpm install them into its database FOLDER/rpmdb.sqlite, and Berkeley DB's own db5.3_load
write the same headers to FOLDER/Packages, the form that rpm itself only reads nowadays. Debian's rpm has no backend for
the third form: FOLDER/Packages.db is written here, after rpm's lib/backend/ndb/rpmpkg.c. Prints what rpm says of each
package: NAME, EPOCH, VERSION-RELEASE, ARCH, LICENSE, SOURCERPM, with tabs between them.
"""

import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path

SPEC = """Name: {name}
Version: {version}
Release: 3.el8
{epoch}
Summary: a package of the tests
License: {license}
BuildArch: noarch
%description
{description}
%files
"""
PACKAGES = [
    {"name": "small", "version": "1.0", "epoch": "", "license": "MIT", "description": "small"},
    {"name": "with-epoch", "version": "3.1", "epoch": "Epoch: 2", "license": "GPLv2+ and MIT",
     "description": "with an epoch"},
    # Its header needs many pages of any of the databases.
    {"name": "large", "version": "10~rc1", "epoch": "", "license": "ASL 2.0", "description": "0123456789abcde " * 9000},
] + [
    {"name": f"many-{number:03}", "version": f"1.{number}", "epoch": "", "license": "BSD", "description": "x" * number}
    for number in range(37)
]
FORMAT = r"%{NAME}\t%{EPOCH}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{LICENSE}\t%{SOURCERPM}\n"


def run(*arguments, **options):
    return subprocess.run(arguments, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options).stdout


def build(folder):
    specs = []
    for package in PACKAGES:
        spec = folder / f"{package['name']}.spec"
        spec.write_text(SPEC.format(**package))
        specs.append(str(spec))
    run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {folder}/top", "--define", "_buildhost localhost", *specs)
    return sorted(str(file) for file in (folder / "top/RPMS").rglob("*.rpm"))


def install(folder, packages):
    options = ["--dbpath", str(folder), "--define", "_db_backend sqlite"]
    run("rpm", *options, "--initdb")
    run("rpm", *options, "--install", "--justdb", "--nodeps", "--noscripts", *packages)
    return run("rpm", *options, "-qa", "--qf", FORMAT).decode()


def berkeley(folder, headers):
    """The dump format of db_dump(1): a line of hexadecimal digits for each key and value; key 0 is rpm's own."""
    pairs = [(0, struct.pack("<I", len(headers)))] + list(enumerate(headers, 1))
    lines = ["VERSION=3", "format=bytevalue", "type=hash", "db_pagesize=4096", "HEADER=END"]
    for number, value in pairs:
        lines += [f" {struct.pack('<I', number).hex()}", f" {value.hex()}"]
    run("db5.3_load", str(folder / "Packages"), input="\n".join(lines + ["DATA=END", ""]).encode())


def ndb(folder, headers):
    """Two pages of slots, the first two of which are the file's header; blobs in blocks of 16 bytes."""
    slots = struct.pack("<4s7I", b"RpmP", 0, 1, 2, len(headers) + 1, 0, 0, 0)
    blobs = b""
    for number, header in enumerate(headers, 1):
        size = (16 + len(header) + 12 + 15) // 16 * 16
        blob = struct.pack("<4s3I", b"BlbS", number, 1, len(header)) + header
        blob += bytes(size - len(blob) - 12)
        blob += struct.pack("<2I4s", zlib.adler32(blob), len(header), b"BlbE")
        slots += struct.pack("<4s3I", b"Slot", number, (8192 + len(blobs)) // 16, size // 16)
        blobs += blob
    slots += struct.pack("<4s3I", b"Slot", 0, 0, 0) * ((8192 - len(slots)) // 16)
    (folder / "Packages.db").write_bytes(slots + blobs)


def main():
    folder = Path(sys.argv[1])
    told = install(folder / "db", build(folder))
    (folder / "db/rpmdb.sqlite").rename(folder / "rpmdb.sqlite")
    with sqlite3.connect(folder / "rpmdb.sqlite") as database:
        headers = [row[0] for row in database.execute("SELECT blob FROM Packages ORDER BY hnum")]
    berkeley(folder, headers)
    ndb(folder, headers)
    print(told, end="")


if __name__ == "__main__":
    main()
