"""Which images there are: asked of the machine's real containerd."""

from __future__ import annotations

import subprocess
import time

_FRESH = 0.5  # seconds that an answer of containerd is good for


def full_name(image: str) -> str:
    """The name under which containerd keeps an image that a manifest calls image."""
    name, _, digest = image.partition("@")
    first, slash, _ = name.partition("/")
    if not slash:
        name = "docker.io/library/" + name
    elif "." not in first and ":" not in first and first != "localhost":
        name = "docker.io/" + name
    repository, colon, tag = name.rpartition(":")
    tagged = bool(colon) and "/" not in tag
    if digest:
        return f"{repository if tagged else name}@{digest}"
    return name if tagged else name + ":latest"


class Images:
    """The complete images in containerd's namespace k8s.io; without a socket every image is there."""

    def __init__(self, ctr: str, socket: str):
        self.ctr, self.socket = ctr, socket
        self._names: set[str] | None = None
        self._asked, self._wanted = float("-inf"), True

    def refresh(self) -> None:
        """Asks containerd again, unless its last answer is fresh or nobody looked at it."""
        if self.socket and self._wanted and time.monotonic() - self._asked > _FRESH:
            self._names, self._asked, self._wanted = self._ask(), time.monotonic(), False

    def present(self, image: str) -> bool | None:
        """As of the last refresh. None: containerd does not answer."""
        if not self.socket:
            return True
        self._wanted = True
        return None if self._names is None else full_name(image) in self._names

    def _ask(self) -> set[str] | None:
        """Names of images of which all content is there, which is what kubelet's runtime asks for too."""
        command = [self.ctr, "--address", self.socket, "--namespace", "k8s.io", "images", "check"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            return None
        lines = done.stdout.splitlines()  # REF TYPE DIGEST STATUS ...; not being complete is no failure of the question
        if not lines or not lines[0].startswith("REF"):
            return set() if done.returncode == 0 else None
        return {line.split()[0] for line in lines[1:] if len(line.split()) > 3 and line.split()[3] == "complete"}
