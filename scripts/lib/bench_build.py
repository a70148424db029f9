"""scripts/bench build: sealift build next to skopeo doing the same work and next to the limits of the machine."""

from bench_common import (
    BIN, CORES, CURL, SHA256, conditions, drop_page_cache, fail, fresh, measure, prepare, ratio_table, say, summarise,
)

SKOPEO = """
set -euo pipefail
registry=$1 folder=$2; shift 2
for image in "$@"; do
    skopeo copy -q --src-tls-verify=false "docker://$registry/$image" "oci:$folder/layout:docker.io/$image"
done
tar -C "$folder/layout" -cf - . | zstd -q -3 -T0 -o "$folder/images.tar.zst"
"""
COPY = 'cat "$1"/* >"$2/copy"; sync "$2/copy"'


def workloads(corpus, work):
    """(key, title, folder whose disk use counts, command); a folder that starts with "fresh" is emptied first."""
    bundle, lock, blobs = work / "bundle", work / "images.lock", work / "blobs"
    cold, warm, streamed, bare, peer = (
        work / f"fresh-{name}" for name in ("cold", "warm", "streamed", "bare", "peer"))
    copied, archive = work / "fresh-copy", cold / "dist/corpus-1.0.0-linux-amd64.tar.zst"
    build = [BIN / "sealift", "build", bundle, "--lock", lock, "--mirror", f"docker.io=http://{corpus.registry}"]
    shell = ["bash", "-c"]
    return [
        ("cold", "sealift build, empty cache", cold, [*build, "--cache", cold / "cache", "--output", cold / "dist"]),
        ("warm", "sealift build, full cache", warm, [*build, "--cache", cold / "cache", "--output", warm / "dist"]),
        ("streamed", "sealift build --no-cache", streamed, [*build, "--no-cache", "--output", streamed / "dist"]),
        ("bare", "sealift build --no-cache --no-sbom", bare,
            [*build, "--no-cache", "--no-sbom", "--output", bare / "dist"]),
        ("peer", "skopeo copy of each, tar, zstd -3 -T0 (never synced)", peer,
            [*shell, SKOPEO, "skopeo", corpus.registry, peer, *corpus.images]),
        ("curl", "limit: curl of all blobs to disk, sync", work / "fresh-curl",
            [*shell, CURL, "curl", work / "curl.config", work]),
        ("sha256", f"limit: SHA-256 of all blobs by openssl, {CORES} at a time", work / "none",
            [*shell, SHA256, "sha256", blobs, CORES]),
        ("copy", "limit: copy of all blobs into one file, fsync", copied, [*shell, COPY, "copy", blobs, copied]),
        ("verify", "sealift verify", work / "none", [BIN / "sealift", "verify", archive]),
        ("installer", "sealift-installer verify", work / "none", [BIN / "sealift-installer", "verify", archive]),
        ("inspect", "sealift inspect", work / "none", [BIN / "sealift", "inspect", archive]),
    ]


def measure_all(corpus, work, runs, log):
    """Key -> its samples, and whether the page cache was cold."""
    samples, cold = {}, True
    for number in range(runs):
        for key, title, folder, command in workloads(corpus, work):
            if folder.name.startswith("fresh"):
                fresh(folder)
            cold = drop_page_cache() and cold
            sample = measure(command, log, corpus.cpu, folder)
            samples.setdefault(key, []).append(sample)
            say(f"round {number + 1}: {title}: {sample['wall']:.2f} s")
        # A bundle without a bill of materials is another one.
        digests = {file.read_text().split()[0] for file in work.glob("fresh-*/dist/*.sha256")
                   if "bare" not in str(file)}
        if len(digests) != 1:
            fail("the same lock did not give the same archive")
    return samples, cold


def ratios(rows):
    wall = {key: row["wall"] for key, row in rows.items()}
    curl, sha = rows["curl"], rows["sha256"]
    # No build can be faster than its bytes reach the disk, nor than all that must be computed on all cores.
    limit = max(wall["curl"], (curl["cpu"] + curl["daemon_cpu"] + sha["cpu"]) / CORES)
    return {
        "limit_seconds": limit,
        "cold build / limit": wall["cold"] / limit,
        "build --no-cache / limit": wall["streamed"] / limit,
        "build --no-cache --no-sbom / limit": wall["bare"] / limit,
        "skopeo / cold build": wall["peer"] / wall["cold"],
        "skopeo / second build": wall["peer"] / wall["warm"],
        "verify / SHA-256 on all cores": wall["verify"] / wall["sha256"],
    }


def bench(corpus, work, options, log):
    """Everything that the report holds."""
    total = prepare(corpus, work)
    samples, cold = measure_all(corpus, work, options.runs, log)
    rows = summarise(samples, {key: title for key, title, _, _ in workloads(corpus, work)})
    return {"bytes": total, "cold": cold, "ratios": ratios(rows), "rows": rows}


def markdown(report):
    lines = [
        conditions(report), "",
        "| what | wall s | range | user+sys s | registry CPU s | others' CPU s | peak RSS MB | peak disk MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in report["rows"].values():
        lines.append(
            f"| {row['title']} | {row['wall']:.2f} | {row['fastest']:.2f} to {row['slowest']:.2f} | {row['cpu']:.2f} "
            f"| {row['daemon_cpu']:.1f} | {row['others_cpu']:.1f} | {row['rss'] / 1e6:.0f} | {row['disk'] / 1e6:,.0f} |"
        )
    ratios = dict(report["ratios"])
    lines += ["", f"Computed limit of a build: {ratios.pop('limit_seconds'):.2f} s."]
    return "\n".join(lines + ratio_table(ratios)) + "\n"
