#!/usr/bin/env python3
"""Usage: java-packages.py ARCHIVE...

Lists what Maven wrote into Java archives and into those inside them, as Python's zipfile reads them, by their
directories: PLACE, GROUP, ARTIFACT, VERSION, with tabs between them.
"""

import io
import sys
import zipfile


def properties(text):
    lines = [line for line in text.decode("latin-1").splitlines() if not line.startswith("#") and "=" in line]
    return {key.strip(): value.strip() for key, value in (line.split("=", 1) for line in lines)}


def walk(file, place):
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            name = entry.filename
            if "META-INF/maven/" in name and name.endswith("/pom.properties"):
                found = properties(archive.read(entry))
                print(place, found.get("groupId", ""), found["artifactId"], found.get("version", ""), sep="\t")
            elif name.endswith((".jar", ".war", ".nar")):
                walk(io.BytesIO(archive.read(entry)), f"{place}!{name}")


for path in sys.argv[1:]:
    walk(path, path.lstrip("/"))
