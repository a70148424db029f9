"""Other tools that do the same work: where they are, and how each is told to do it.

Of these only skopeo and ctr have run where this was written. The commands for crane, imgpkg, zarf and hauler follow
their manuals and have not been exercised here.
"""

import os
import shutil
import subprocess

from bench_measure import fail
from bench_rounds import Row

PROGRAMS = ["skopeo", "crane", "imgpkg", "zarf", "hauler", "ctr", "igzip", "pigz"]
VERSIONS = {"skopeo": ["--version"], "crane": ["version"], "imgpkg": ["version"], "zarf": ["version"],
            "hauler": ["version"]}


def find(name):
    """A program: where its variable says (CRANE for crane), else on PATH; None when absent."""
    given = os.environ.get(name.upper())
    found = shutil.which(given or name)
    if given and not found:
        fail(f"{name.upper()} is {given}, which is no program")
    return os.path.abspath(found) if found else None


def version(program, name):
    try:
        answer = subprocess.run([program, *VERSIONS[name]], capture_output=True, text=True, timeout=20, check=False)
        return next((word.rstrip(",").removeprefix("v") for word in answer.stdout.split() if word[:2].strip("v")[:1]
                     .isdigit()), "of an unknown version")
    except (OSError, subprocess.TimeoutExpired):
        return "of an unknown version"


PACK = 'tar -C "$state" -cf - layout | zstd -qf -3 -T0 -o "$out/images.tar.zst"\n'
PACK_TAR = 'zstd -qf -3 -T0 --rm "$out/all.tar" -o "$out/images.tar.zst"\n'
# Each is a bash script given: the program, the registry, a folder that a second build finds again, one for the
# archive, one with the definitions below, and the images. $again is set when everything is there already.
SCRIPTS = {
    "skopeo": ("copy of each to oci:, tar, zstd -3 -T0", """
        for image in "$@"; do
            "$program" copy -q --src-tls-verify=false "docker://$registry/$image" "oci:$state/layout:docker.io/$image"
        done
    """ + PACK),
    "crane": ("pull to one tarball (one platform), zstd -3 -T0", """
        cache=()
        if [ -n "$keep" ]; then cache=(--cache_path "$state/cache"); fi
        "$program" pull --insecure --platform linux/amd64 "${cache[@]}" "${@/#/$registry/}" "$out/all.tar"
    """ + PACK_TAR),
    "imgpkg": ("copy --lock --to-tar (all platforms), zstd -3 -T0", """
        "$program" copy --lock "$definitions/imgpkg.yml" --to-tar "$out/all.tar" --registry-insecure --tty=false
    """ + PACK_TAR),
    "zarf": ("package create --skip-sbom (one platform)", """
        mkdir -p "$state/cache" "$out/tmp"
        cache=--zarf-cache
        "$program" package create --help 2>&1 | grep -q -e "$cache" || cache=--cache
        "$program" package create "$definitions/zarf" --confirm --skip-sbom --plain-http --architecture amd64 \\
            "$cache" "$state/cache" --tmpdir "$out/tmp" --output "$out"
    """),
    "hauler": ("store sync, store save (one platform)", """
        mkdir -p "$out/tmp"
        "$program" store sync --store "$state/store" --tempdir "$out/tmp" --platform linux/amd64 \\
            --filename "$definitions/hauler.yaml"
        "$program" store save --store "$state/store" --filename "$out/images.tar.zst"
    """),
}
START = ('set -euo pipefail\nprogram=$1 registry=$2 state=$3 out=$4 definitions=$5 keep=$6; shift 6\n'
         'mkdir -p "$state" "$out"\n')
KEEPS = {"skopeo": "its layout", "crane": "its cache", "zarf": "its cache", "hauler": "its store"}


def write_definitions(folder, registry, images):
    """What imgpkg, zarf and hauler read; images are (repository:tag, digest)."""
    (folder / "zarf").mkdir(parents=True)
    names = [f"{registry}/{image}" for image, _ in images]
    (folder / "imgpkg.yml").write_text("\n".join([
        "apiVersion: imgpkg.carvel.dev/v1alpha1", "kind: ImagesLock", "images:",
        *(f'- image: "{registry}/{image.rpartition(":")[0]}@{digest}"' for image, digest in images)]) + "\n")
    (folder / "zarf/zarf.yaml").write_text("\n".join([
        "kind: ZarfPackageConfig", "metadata: {name: corpus, version: 1.0.0}", "components:",
        "- name: corpus", "  required: true", "  images:", *(f'  - "{name}"' for name in names)]) + "\n")
    (folder / "hauler.yaml").write_text("\n".join([
        "apiVersion: content.hauler.cattle.io/v1", "kind: Images", "metadata: {name: corpus}", "spec:", "  images:",
        *(f'  - name: "{name}"' for name in names)]) + "\n")


def command(name, program, inputs, state, out, keep):
    return ["bash", "-c", START + SCRIPTS[name][1], name, program, inputs.corpus.registry, state, out,
            inputs.definitions, "yes" if keep else "", *inputs.corpus.images]


def builders(skipped):
    """name -> program of those that can build; the others are told in skipped."""
    found = {}
    for name in SCRIPTS:
        program = find(name)
        if program:
            found[name] = program
        else:
            skipped.append(f"{name}, which is not on PATH ({name.upper()} would say where)")
    return found


def complete(name, inputs, out):
    """A function that fails when a tool made no archive, or one that cannot hold all blobs."""
    def look():
        made = sum(file.stat().st_size for file in out.glob("*.tar.zst"))
        if made < inputs.corpus.bytes / 2:
            fail(f"{name} made an archive of {made} bytes from blobs of {inputs.corpus.bytes}; see {inputs.log.name}")
    return look


def title(name, program):
    return f"{name} {version(program, name)}: {SCRIPTS[name][0]}"


def first_builds(inputs, skipped):
    """Rows: everything from the registry into one file on the disk. No peer syncs it."""
    for name, program in builders(skipped).items():
        folder = inputs.work / f"fresh-{name}"
        yield Row(f"peer {name}", title(name, program), "peer",
                  command(name, program, inputs, folder / "state", folder, False), disk=folder, empties=[folder],
                  check=complete(name, inputs, folder))


def second_builds(inputs, skipped, log_run):
    """Rows: the same once more, with what the tool keeps between builds."""
    for name, program in builders(skipped).items():
        if name not in KEEPS:
            skipped.append(f"{name}, which keeps nothing between builds")
            continue
        state, out = inputs.work / f"kept-{name}", inputs.work / f"fresh-{name}"
        words = command(name, program, inputs, state, out, True)
        log_run(*words)
        yield Row(f"peer {name}", f"{title(name, program)}, with {KEEPS[name]}", "peer", words, disk=out,
                  empties=[out], reads=[state], check=complete(name, inputs, out))
