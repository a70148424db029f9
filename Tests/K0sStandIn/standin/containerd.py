"""The machine's real containerd, where the real k0s has the one that it carries."""

from __future__ import annotations

import os
import signal
import subprocess
import time

from . import versions
from .machine import Failure, Machine
from .service import log

_CONFIG = """# k0s_managed=true
# Written by the stand-in for k0s, for Debian's containerd.
version = 2
root = "{root}"
state = "{state}"
[grpc]
  address = "{socket}"
[ttrpc]
  address = "{socket}.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "{root}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
"""


class Containerd:
    """One child process. start() first ends one that a killed k0s left behind."""

    def __init__(self, machine: Machine):
        self.machine = machine
        self._config = machine.etc + "/containerd.toml"
        self._pid_file = machine.run + "/containerd.pid"
        self._child: subprocess.Popen | None = None

    def start(self) -> None:
        self._end_orphan()
        self._write_config()
        command = [self.machine.program_path("containerd"), "--config", self._config]
        self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        with open(self._pid_file, "w") as file:
            file.write(str(self._child.pid))
        for _ in range(600):
            if self._answers():
                return
            if self._child.poll() is not None:
                raise Failure(f"stand-in: containerd ended with {self._child.returncode}")
            time.sleep(0.05)
        raise Failure("stand-in: containerd does not answer")

    def keep_up(self) -> None:
        """Starts it again when it has ended."""
        if self._child is not None and self._child.poll() is not None:
            log("warning", "containerd ended; starting it again")
            self.start()

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(10)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def load_bundles(self) -> None:
        """Imports what lies in the images folder, once; failures are logged and forgotten, as by the real one."""
        folder = self.machine.data + "/images"
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            before = set(self._ctr("images", "ls", "-q").stdout.split())
            done = self._ctr("images", "import", "--no-unpack", path)
            if done.returncode:
                log("error", f"failed to load bundle {path}: {done.stderr.strip()}")
                continue
            for image in set(self._ctr("images", "ls", "-q").stdout.split()) - before:
                self._ctr("images", "label", image, "io.cri-containerd.pinned=pinned")

    def _answers(self) -> bool:
        return os.path.exists(self.machine.containerd_socket) and self._ctr("version").returncode == 0

    def _ctr(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        where = ["--address", self.machine.containerd_socket, "--namespace", "k8s.io"]
        command = [self.machine.program_path("ctr"), *where, *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    def _write_config(self) -> None:
        os.makedirs(os.path.dirname(self._config), exist_ok=True)
        if os.path.exists(self._config):
            with open(self._config) as file:
                if not file.readline().startswith("# k0s_managed=true"):
                    return  # somebody's own, which the real one leaves alone too
        machine = self.machine
        with open(self._config, "w") as file:
            file.write(_CONFIG.format(root=machine.containerd_root, state=machine.containerd_state,
                                      socket=machine.containerd_socket, pause=versions.pause(machine.version)))

    def _end_orphan(self) -> None:
        try:
            with open(self._pid_file) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline") as file:
                if self._config not in file.read():
                    return
            os.kill(pid, signal.SIGTERM)
            while os.path.exists(f"/proc/{pid}"):
                time.sleep(0.05)
        except (OSError, ValueError):
            return
