"""The limits of the machine: the parts of the work, each done by the fastest common program for it and nothing else."""

import os

from bench_peers import find
from bench_rounds import Row

CORES = os.cpu_count()

EACH_BLOB = 'set -euo pipefail; find "$1" -type f -printf "%s %p\\n" | sort -rn | cut -d" " -f2- | '
SHA256 = EACH_BLOB + 'xargs -P "$2" -n 1 openssl dgst -sha256'
COPY = 'set -e; cat "$1"/* >"$2/copy"; if [ -n "$3" ]; then sync "$2/copy"; fi'
WRITE = 'set -e; head -c "$1" /dev/zero >"$2/zeros"; sync "$2/zeros"'
COPY_EACH = EACH_BLOB + """xargs -P "$3" -n 1 bash -c '
    set -e; cat "$1" >"$0/${1##*/}"; sync "$0/${1##*/}"' "$2" """
# Both given to bash -c, with a folder and a blob. A configuration is no layer; one that is zstd goes through zstd.
LAYER = """
    set -euo pipefail
    unpack() { case $(head -c 4 "$1" | od -An -tx1 | tr -d ' ') in
        1f8b*) "$GUNZIP" -dc <"$1" ;;
        28b52ffd) zstd -dcq "$1" ;;
        *) cat "$1" ;;
    esac; }
    if [ "$(head -c 1 "$1" | tr -d '\\0')" = '{' ]; then exit 0; fi
"""
ONLY_GUNZIP = LAYER + 'unpack "$1" >/dev/null'
UNPACK = LAYER + """
    folder=$0/${1##*/}
    mkdir "$folder"
    mkfifo "$folder.pipe"
    openssl dgst -sha256 <"$folder.pipe" &
    unpack "$1" | tee "$folder.pipe" | tar -C "$folder" -x --same-owner --numeric-owner
    wait $!
"""
EACH = "export GUNZIP=$3; " + EACH_BLOB + """xargs -P "$2" -n 1 bash -c "$5" "$4"; sync -f "$4" """


def shell(script, *words):
    return ["bash", "-c", script, "limit", *words]


def network(inputs):
    folder = inputs.work / "fresh-fetched"
    yield Row("limit network", "limit: curl of all blobs, thrown away", "limit",
              inputs.fetch("nowhere", None, False), reads=[inputs.storage])
    yield Row("limit fetch", "limit: curl of all blobs to disk, sync", "limit",
              inputs.fetch("fetched", folder, True), disk=folder, empties=[folder], reads=[inputs.storage])


def sha256(inputs):
    yield Row("limit sha256", f"limit: SHA-256 of all blobs by openssl, {CORES} at a time", "limit",
              shell(SHA256, inputs.blobs, CORES), reads=[inputs.blobs])


def one_file(inputs):
    folder = inputs.work / "fresh-copy"
    row = {"kind": "limit", "disk": folder, "empties": [folder]}
    yield Row("limit copy", "limit: plain copy of all blobs into one file", reads=[inputs.blobs],
              command=shell(COPY, inputs.blobs, folder, ""), **row)
    yield Row("limit copy fsync", "limit: the same, fsync", reads=[inputs.blobs],
              command=shell(COPY, inputs.blobs, folder, "yes"), **row)
    yield Row("limit write", "limit: as many zeros into one file, fsync",
              command=shell(WRITE, inputs.corpus.bytes, folder), **row)


def file_a_blob(inputs):
    folder = inputs.work / "fresh-copies"
    yield Row("limit files", f"limit: copy each blob to a file, fsync, {CORES} at a time", "limit",
              shell(COPY_EACH, inputs.blobs, folder, CORES), disk=folder, empties=[folder], reads=[inputs.blobs])


def gunzips(skipped):
    """name -> program, the fastest first; gzip is everywhere."""
    found = {}
    for name in ("igzip", "pigz", "gzip"):
        program = find(name)
        if program:
            found[name] = program
        else:
            package = "isal" if name == "igzip" else name
            skipped.append(f"{name}, which is not on PATH ({name.upper()} would say where; "
                           f"Debian's package is {package})")
    return found


def unpacking(inputs, skipped, once):
    folder, programs = inputs.work / "fresh-layers", gunzips(skipped)
    for number, (name, program) in enumerate(programs.items()):
        yield Row("limit gunzip" if not number else f"limit gunzip {name}",
                  f"limit: gunzip of all layers by {name}, {CORES} at a time", "limit",
                  shell(EACH, inputs.blobs, CORES, program, inputs.none, ONLY_GUNZIP), reads=[inputs.blobs],
                  once=once or number > 0)
    name, program = next(iter(programs.items()))
    yield Row("limit unpack", f"limit: {name}, SHA-256 and tar -x of each layer, {CORES} at a time, sync", "limit",
              shell(EACH, inputs.blobs, CORES, program, folder, UNPACK), empties=[folder], reads=[inputs.blobs],
              once=once)
