"""An image of nasty layers, and what is expected of whoever unpacks it."""

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field

from layer_archive import Layer, gzipped

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar"


@dataclass
class Blob:
    """A layer as a registry has it. `fallback`: containerd may be left to unpack it."""

    content: bytes
    packed: bytes
    suffix: str = "+gzip"
    fallback: bool = False


@dataclass
class Image:
    """`refused`: the number of the layer, from 0, that containerd does not take."""

    name: str
    blobs: list[Blob] = field(default_factory=list)
    refused: int | None = None

    def layer(self, layer: Layer | bytes, *, fallback=False, pack=gzipped, suffix="+gzip") -> "Image":
        """Adds a layer on top."""
        content = layer.end() if isinstance(layer, Layer) else layer
        self.blobs.append(Blob(content, pack(content), suffix, fallback))
        return self

    def refuses(self, layer: Layer | bytes, **others) -> "Image":
        """Adds the layer that containerd does not take; those before stay."""
        self.refused = len(self.blobs)
        return self.layer(layer, fallback=True, **others)

    def chains(self) -> list[str]:
        """The name of the snapshot of each layer (OCI image-spec, config, ChainID)."""
        chains = []
        for blob in self.blobs:
            chain = digest(blob.content)
            chains.append(digest(f"{chains[-1]} {chain}".encode()) if chains else chain)
        return chains

    def summary(self) -> dict:
        return {
            "name": self.name, "chains": self.chains(), "refused": self.refused,
            "fallback": [blob.fallback for blob in self.blobs],
        }

    def archive(self) -> bytes:
        """An archive of an OCI image layout, the same every time."""
        files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

        def add(content: bytes, media_type: str) -> dict:
            files["blobs/" + digest(content).replace(":", "/")] = content
            return {"mediaType": media_type, "digest": digest(content), "size": len(content)}

        config = {
            "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(blob.content) for blob in self.blobs]},
        }
        manifest = add(encoded({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": add(encoded(config), "application/vnd.oci.image.config.v1+json"),
            "layers": [add(blob.packed, MEDIA_TYPE + blob.suffix) for blob in self.blobs],
        }), "application/vnd.oci.image.manifest.v1+json")
        manifest["annotations"] = {
            "org.opencontainers.image.ref.name": "1.0",
            "io.containerd.image.name": f"docker.io/nasty/{self.name}:1.0",
        }
        files["index.json"] = encoded({"schemaVersion": 2, "manifests": [manifest]})
        target = io.BytesIO()
        with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return target.getvalue()


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def encoded(document: dict) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def base(seed: str) -> Layer:
    """A sound layer that no other image has."""
    return Layer().folder("etc").file("etc/seed", seed).folder("usr").folder("usr/lib").file("usr/lib/a").symlink(
        "lib", "usr/lib")
