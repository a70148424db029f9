"""A bundle of any number of tiny images, and a registry that has them: the same bytes every time.

Every image has a layer that all share and one of its own, with a Debian package in it.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PODS_PER_FILE = 100
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

POD = """\
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: tiny}}
spec:
  containers:
    - name: main
      image: docker.io/{repository}:{tag}
      imagePullPolicy: Never
      resources:
        requests: {{cpu: 10m, memory: 16Mi}}
        limits: {{cpu: 100m, memory: 32Mi}}
"""


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(media_type, content):
    return {"mediaType": media_type, "digest": digest(content), "size": len(content)}


def layer(files):
    """The tar of a layer, not compressed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return buffer.getvalue()


def status(package, version):
    lines = [f"Package: {package}", "Status: install ok installed", "Architecture: amd64", f"Version: {version}"]
    return "\n".join(lines + ["Maintainer: nobody", "Description: nothing"]).encode() + b"\n"


class TinyImages:
    """The images; inside of a "with" their registry runs, at the address."""

    TAG = "1.0.0"

    def __init__(self, count):
        self.repositories = [f"tiny/image-{number:05}" for number in range(count)]
        self.blobs, self.manifests = {}, {}
        shared = layer({"etc/os-release": b'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status.d/base": status("base", 1)})
        for number, repository in enumerate(self.repositories):
            own = layer({f"var/lib/dpkg/status.d/p{number}": status(f"p{number}", 1), "data": b"%d" % number * 64})
            self.manifests[repository] = self.image([shared, own])
        self.server = self.address = None

    def image(self, tars):
        config = json.dumps({
            "architecture": "amd64", "os": "linux", "config": {"Cmd": ["/bin/true"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in tars]},
        }).encode()
        layers = [gzip.compress(tar, mtime=0) for tar in tars]
        self.blobs.update((digest(blob), blob) for blob in [config, *layers])
        return json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
            "layers": [descriptor(LAYER, blob) for blob in layers],
        }).encode()

    def write_bundle(self, folder):
        """A definition whose pods ask for all of the images."""
        folder.mkdir(parents=True)
        files = []
        for start in range(0, len(self.repositories), PODS_PER_FILE):
            pods = [POD.format(name=repository.rpartition("/")[2], repository=repository, tag=self.TAG)
                    for repository in self.repositories[start:start + PODS_PER_FILE]]
            files.append(f"pods-{start:05}.yaml")
            (folder / files[-1]).write_text("---\n".join(pods))
        (folder / "bundle.yaml").write_text("\n".join([
            "apiVersion: sealift/v1", "kind: Bundle", "metadata: {name: tiny, version: 1.0.0}",
            "platforms: [linux/amd64]", "stages:", "  - name: only", "    manifests:",
            *(f"      - {name}" for name in files),
        ]) + "\n")

    def answer(self, path):
        """Media type and content for a path, or None."""
        repository, _, rest = path.removeprefix("/v2/").partition("/manifests/")
        manifest = self.manifests.get(repository)
        if rest and manifest and rest in (self.TAG, digest(manifest)):
            return MANIFEST, manifest
        blob = self.blobs.get(path.rpartition("/blobs/")[2])
        return ("application/octet-stream", blob) if blob else (("text/plain", b"") if path == "/v2/" else None)

    def __enter__(self):
        images = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # header and body in one packet

            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                answer = images.answer(self.path)
                media_type, content = answer or ("text/plain", b"not here\n")
                self.send_response(200 if answer else 404)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(content)))
                if answer and media_type == MANIFEST:
                    self.send_header("Docker-Content-Digest", digest(content))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], ConnectionError):  # a client that has what it wants may leave
                    super().handle_error(request, client_address)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
