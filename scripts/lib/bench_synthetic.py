"""Images that nobody would run, written straight into a registry's storage: many tiny ones, or a few huge ones.

The huge ones are sparse files: they take no room, and reading them costs no disk. What is made of them is not sparse.
"""

import gzip
import hashlib
import io
import json
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SPARSE = 256 << 20  # bytes of a huge layer
# What begins like gzip is packed as it is: nobody can make these zeros smaller.
GZIP_MAGIC = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Storage:
    """The folder of a registry that is to serve the images; images.txt as scripts/make-corpus leaves it."""

    def __init__(self, folder):
        self.folder, self.root = folder, folder / "registry/docker/registry/v2"
        self.lines, self.zeros = [], None
        folder.mkdir(parents=True)

    def link(self, path, digest):
        path = self.root / "repositories" / path / "link"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"sha256:{digest}")

    def data(self, digest):
        path = self.root / f"blobs/sha256/{digest[:2]}/{digest}/data"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def blob(self, repository, kind, content):
        digest = hashlib.sha256(content).hexdigest()
        self.data(digest).write_bytes(content)
        if kind != MANIFEST:
            self.link(f"{repository}/_layers/sha256/{digest}", digest)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    def sparse(self, repository, number):
        """A layer of SPARSE bytes that differs from the others in its last eight."""
        if not self.zeros:
            self.zeros = hashlib.sha256(GZIP_MAGIC)
            for _ in range(SPARSE >> 20):
                self.zeros.update(bytes(1 << 20))
        end, whole = number.to_bytes(8, "big"), self.zeros.copy()
        whole.update(end)
        with open(self.data(whole.hexdigest()), "wb") as file:
            file.write(GZIP_MAGIC)
            file.seek(len(GZIP_MAGIC) + SPARSE)
            file.write(end)
        self.link(f"{repository}/_layers/sha256/{whole.hexdigest()}", whole.hexdigest())
        return {"mediaType": LAYER, "digest": f"sha256:{whole.hexdigest()}", "size": len(GZIP_MAGIC) + SPARSE + 8}

    def image(self, repository, layers, unpacked):
        """Tag 1 of a repository."""
        config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/sh"]},
                  "rootfs": {"type": "layers", "diff_ids": unpacked}}
        manifest = self.blob(repository, MANIFEST, json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.blob(repository, CONFIG, json.dumps(config).encode()), "layers": layers}).encode())
        digest = manifest["digest"].partition(":")[2]
        self.link(f"{repository}/_manifests/revisions/sha256/{digest}", digest)
        self.link(f"{repository}/_manifests/tags/1/current", digest)
        self.link(f"{repository}/_manifests/tags/1/index/sha256/{digest}", digest)
        self.lines.append(f"{repository}:1 sha256:{digest} {MANIFEST}")

    def done(self):
        (self.folder / "images.txt").write_text("\n".join(self.lines) + "\n")


def tar_of(name, content):
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def many(folder, count):
    """count images with two layers each: one that all share, one of their own with a file of 1 KiB."""
    storage, tars = Storage(folder), [tar_of("etc/shared", b"every image has this\n")]
    for number in range(count):
        repository = f"scale/image{number}"
        layers = [tars[0], tar_of(f"etc/image{number}", hashlib.sha256(repository.encode()).digest() * 32)]
        storage.image(repository, [storage.blob(repository, LAYER, gzip.compress(layer, mtime=0)) for layer in layers],
                      [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers])
    storage.done()


def huge(folder, gibibytes):
    """As many images of 1 GiB. Their layers are no archives; who opens one finds that out."""
    storage, each = Storage(folder), (1 << 30) // SPARSE
    for number in range(gibibytes):
        repository = f"scale/size{number}"
        layers = [storage.sparse(repository, number * each + part) for part in range(each)]
        storage.image(repository, layers, [layer["digest"] for layer in layers])
    storage.done()
