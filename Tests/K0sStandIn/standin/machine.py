"""Where things are on the machine, and what a test may set about it."""

from __future__ import annotations

import json
import os
import shutil

from .faults import Faults
from .settings import Settings


class Failure(Exception):
    """Ends a verb: "Error: ..." on stderr, exit 1."""


class Machine:
    """Paths as the real k0s has them, below K0S_STAND_IN_ROOT, which is empty but in tests of the stand-in itself."""

    def __init__(self, program: str, version: str, data_dir: str | None = None):
        self.program, self.version = program, version
        self.root = os.environ.get("K0S_STAND_IN_ROOT", "").rstrip("/")
        self.parts = os.environ.get("K0S_STAND_IN_PARTS", "/usr/lib/k0s-stand-in")
        self.own = self.root + "/etc/k0s-stand-in"
        self.data = os.path.abspath(data_dir) if data_dir else self.root + "/var/lib/k0s"
        self.run = self.root + "/run/k0s"
        self.etc = self.root + "/etc/k0s"
        self.pki = self.data + "/pki"
        self.admin_conf = self.pki + "/admin.conf"
        self.default_config = self.etc + "/k0s.yaml"
        self.status_socket = self.run + "/status.sock"
        self.runtime_config = self.run + "/k0s.yaml"
        self.containerd_socket = self.run + "/containerd.sock"
        self.containerd_root = self.data + "/containerd"
        self.containerd_state = self.run + "/containerd"
        self.conflist = self.root + "/etc/cni/net.d/10-kuberouter.conflist"
        self.faults = Faults(self.own + "/faults.json", self.root + "/run/k0s-stand-in/faults-used.json")
        self._set = self._read_settings()

    def unit(self, role: str) -> str:
        return f"{self.root}/etc/systemd/system/k0s{role}.service"

    @property
    def role(self) -> str:
        """As what k0s is installed here."""
        return "worker" if os.path.exists(self.unit("worker")) else "controller"

    def setting(self, name: str, default):
        """What /etc/k0s-stand-in/settings.json says of name."""
        return self._set.get(name, default)

    def api_settings(self) -> Settings:
        settings = Settings(kubernetes_version=self.version.split("+")[0])
        settings.read(self.own + "/settings.json")
        settings.containerd_socket, settings.ctr = self.containerd_socket, self.program_path("ctr")
        return settings

    def program_path(self, name: str) -> str:
        """kubectl, ctr, containerd: as set, beside the parts, or on PATH."""
        beside = os.path.join(self.parts, name)
        found = self.setting(name, beside if os.access(beside, os.X_OK) else shutil.which(name))
        if not found:
            raise Failure(f"stand-in: there is no {name} on this machine")
        return found

    @property
    def has_init(self) -> bool:
        return self.setting("init", "systemd") == "systemd"

    def _read_settings(self) -> dict:
        try:
            with open(self.own + "/settings.json") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}


def require_root(machine: Machine) -> None:
    if os.geteuid() != 0 and not machine.root:
        raise Failure("this command must be run as root")


def reason(error: OSError) -> str:
    """As Go says it: "no such file or directory"."""
    return os.strerror(error.errno or 0).lower()
