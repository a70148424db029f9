"""Makes images whose layers are as bad as tar allows, each as an archive of an OCI image layout.

Usage: nasty-images.py FOLDER [--large]

FOLDER gets NAME.tar for each, and images.json: a list of objects with `name`, `chains` (the names of their layers'
snapshots), `refused` (the number of the layer that no containerd takes, or null) and `fallback` (for each layer whether
it may be left to containerd). The same bytes every time. --large makes the sizes real: 300 MB, 20,000 files.
"""

import json
import os
import sys

from nasty_archives import archives
from nasty_trees import trees


def main() -> int:
    match sys.argv[1:]:
        case [folder]:
            large = False
        case [folder, "--large"]:
            large = True
        case _:
            print(__doc__, file=sys.stderr)
            return 64
    os.makedirs(folder, exist_ok=True)
    images = [*trees(), *archives(large)]
    for image in images:
        with open(os.path.join(folder, image.name + ".tar"), "wb") as file:
            file.write(image.archive())
    with open(os.path.join(folder, "images.json"), "w", encoding="utf-8") as file:
        json.dump([image.summary() for image in images], file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
