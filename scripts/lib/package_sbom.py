#!/usr/bin/env python3
"""Usage: package_sbom.py BIN VERSION
       package_sbom.py --licenses BIN DIR

Prints what the two executables in the folder BIN are made of, as CycloneDX 1.6:
Swift packages as Package.resolved pins them, the Swift runtime, the C libraries
that are linked in with their versions in Debian, and the shared ones that
sealift asks for. With --licenses, the copyright notices of what is linked in are
put into DIR.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def die(message):
    sys.exit(f"package_sbom.py: {message}")


def swift_packages():
    """The pins that Package.swift asks for: plugins of theirs are no part of us."""
    wanted = set(re.findall(r'\.package\(url: "([^"]+)"', (ROOT / "Package.swift").read_text()))
    pins = json.loads((ROOT / "Package.resolved").read_text())["pins"]
    for pin in sorted(pins, key=lambda pin: pin["identity"]):
        if pin["location"] in wanted:
            yield pin["location"], pin["state"]["version"], pin["state"]["revision"]


def linked_names():
    """What the installer is linked with: the module maps' libraries but libcurl, and those that they need."""
    names = set()
    for path in ROOT.glob("Sources/*/module.modulemap"):
        names |= set(re.findall(r'link "([^"]+)"', path.read_text()))
    more = re.search(r"\[([^\]]*)\]\.map \{\s*\.linkedLibrary", (ROOT / "Package.swift").read_text())
    if not more:
        die("Package.swift names the installer's libraries in another way; bring this script up to date")
    names |= set(re.findall(r'"([^"]+)"', more[1]))
    # ISA-L is built from source (scripts/fetch-libraries); libcurl is sealift's alone, and shared.
    return sorted(names - {"curl", "isal"} | {"c", "stdc++"})


def owner(path):
    """The Debian package of a file, and its version."""
    for candidate in (path, os.path.realpath(path), os.path.realpath(path).removeprefix("/usr")):
        found = subprocess.run(["dpkg", "-S", candidate], capture_output=True, text=True).stdout
        if found:
            name = found.split(": ")[0].split(",")[0]
            return name.split(":")[0], output("dpkg-query", "-W", "-f=${Version}", name)
    return die(f"no package has {path}")


def static_packages():
    """Debian's packages of the static libraries, each once."""
    found = set()
    for name in linked_names():
        path = output("gcc", f"-print-file-name=lib{name}.a").strip()
        if not os.path.isabs(path):
            die(f"lib{name}.a is not installed; run scripts/bootstrap")
        found.add(owner(path))
    return sorted(found)


def shared_packages(executable):
    """Debian's packages of the shared libraries that an executable asks for by itself."""
    needed = set(re.findall(r"\(NEEDED\).*\[([^\]]+)\]", output("readelf", "--dynamic", "--wide", executable)))
    found = set()
    for name, path in re.findall(r"(\S+) => (\S+)", output("ldd", executable)):
        if name in needed:
            found.add(owner(path))
    return sorted(found)


def isal():
    """The version and digest of ISA-L's source, as scripts/fetch-libraries takes them."""
    text = (ROOT / "scripts/fetch-libraries").read_text()
    return re.search(r"^version=(\S+)", text, re.M)[1], re.search(r"^digest=([0-9a-f]{64})", text, re.M)[1]


def swift_version():
    return re.search(r"Swift version ([0-9.]+)", output("swift", "--version"))[1]


def component(purl, name, version, **more):
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl} | more


def debian(name, version, how):
    quoted = version.replace("+", "%2B").replace(":", "%3A")
    return component(
        f"pkg:deb/debian/{name}@{quoted}?arch={output('dpkg', '--print-architecture').strip()}", name, version,
        properties=[{"name": "sealift:linked", "value": how}])


def sha256(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()}]


def document(folder, version):
    static = [debian(*package, "static") for package in static_packages()]
    shared = [debian(*package, "shared") for package in shared_packages(f"{folder}/sealift")]
    swift = [
        component(
            f"pkg:swift/{location.removeprefix('https://')}@{tag}", location.rsplit("/", 1)[1], tag,
            properties=[{"name": "sealift:revision", "value": revision}])
        for location, tag, revision in swift_packages()
    ]
    runtime = swift_version()
    swift.append(component(f"pkg:generic/swift-runtime@{runtime}", "swift-runtime", runtime))
    wheel, digest = isal()
    source = component(
        f"pkg:pypi/isal@{wheel}", "isal", wheel, description="the package whose source of ISA-L is built",
        hashes=[{"alg": "SHA-256", "content": digest}])
    # Yams is the reader of definitions: the installer has none.
    ours = [part["bom-ref"] for part in swift if part["name"] != "Yams"]
    programs = {
        "sealift": [part["bom-ref"] for part in swift + shared],
        "sealift-installer": ours + [part["bom-ref"] for part in static] + [source["bom-ref"]],
    }
    reference = f"pkg:generic/sealift@{version}"
    parts = [
        {"type": "application", "bom-ref": name, "name": name, "version": version,
         "hashes": sha256(f"{folder}/{name}")}
        for name in programs
    ]
    # Of what is both static and shared, Debian's packages differ; so does every reference.
    libraries = sorted(swift + static + shared + [source], key=lambda part: part["bom-ref"])
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))),
            "component": {"type": "application", "bom-ref": reference, "name": "sealift", "version": version,
                          "purl": reference, "licenses": [{"license": {"id": "Apache-2.0"}}]},
        },
        "components": parts + libraries,
        "dependencies": [{"ref": reference, "dependsOn": list(programs)}]
        + [{"ref": name, "dependsOn": sorted(needs)} for name, needs in programs.items()],
    }


def licenses(folder, target):
    """The notices of what is linked into an executable: whoever passes it on passes them on, too."""
    target = pathlib.Path(target)
    target.mkdir(parents=True)
    for name, _ in static_packages():
        shutil.copyfile(f"/usr/share/doc/{name}/copyright", target / name)
    for location, _, _ in swift_packages():
        name = location.rsplit("/", 1)[1]
        texts = sorted((ROOT / ".build/checkouts" / name).glob("LICENSE*"))
        if not texts:
            die(f".build/checkouts/{name} has no LICENSE; run scripts/build")
        shutil.copyfile(texts[0], target / name)
    # Its licence is that of our own Swift packages, with an exception for what is linked into programs.
    (target / "swift-runtime").write_text(
        "The Swift runtime: Apache License 2.0 with Runtime Library Exception; see swift-system.\n")
    for text in sorted((ROOT / ".build/libraries").glob("LICENSE*"))[:1]:
        shutil.copyfile(text, target / "isa-l")


def main(arguments):
    if arguments[:1] == ["--licenses"] and len(arguments) == 3:
        return licenses(*arguments[1:])
    if len(arguments) != 2:
        print(__doc__.strip())
        return 0 if arguments in (["--help"], ["-h"]) else 64
    bom = document(*arguments)
    digest = bytearray(hashlib.sha256(json.dumps(bom, sort_keys=True).encode()).digest()[:16])
    # Version 8 and the variant of RFC 9562: a UUID of the content.
    digest[6], digest[8] = digest[6] & 15 | 128, digest[8] & 63 | 128
    bom["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=bytes(digest))}"
    print(json.dumps(bom, indent=2, sort_keys=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
