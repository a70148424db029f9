"""`k0s controller`: what the service runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import threading
from types import SimpleNamespace

from . import certificates, node_config, serving, versions
from .containerd import Containerd
from .machine import Failure, Machine, require_root
from .service import log
from .status import StatusServer

_CONFLIST = {"cniVersion": "0.3.0", "name": "bridge", "plugins": [
    {"type": "bridge", "bridge": "kube-bridge", "isDefaultGateway": True, "hairpinMode": True}]}


def run(machine: Machine, given: SimpleNamespace) -> None:
    """Until SIGTERM."""
    require_root(machine)
    config = node_config.load(machine, given.config)
    single = given.single
    workloads = single or given.enable_worker
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lock = _lock(machine, config)
    make_folders(machine, workloads)
    containerd = Containerd(machine)
    status = StatusServer(machine, config, single, workloads)
    try:
        if workloads:
            containerd.start()
            containerd.load_bundles()
        server = _api(machine, config, given, single, workloads)
        status.start()
        server.start()
        serving.write_kubeconfig(machine.admin_conf, "localhost", server.port, _pki(machine))
        log("info", "the stand-in for k0s is up")
        while not stop.wait(0.2):
            containerd.keep_up()
        server.stop()
    finally:
        status.stop()
        containerd.stop()
        lock.close()


def _lock(machine: Machine, config: dict):
    """The lock that `k0s reset` looks at; the file is the config that this run uses."""
    os.makedirs(machine.run, exist_ok=True)
    file = open(machine.runtime_config, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Failure("failed to initialize runtime config: another k0s process is still running") from error
    file.truncate(0)
    json.dump({"apiVersion": "k0s.k0sproject.io/v1beta1", "kind": "RuntimeConfig", "spec": {
        "nodeConfig": config, "pid": os.getpid()}}, file)
    file.flush()
    return file


def is_locked(machine: Machine) -> bool:
    try:
        with open(machine.runtime_config) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
    except FileNotFoundError:
        return False
    except OSError:
        return True


def make_folders(machine: Machine, workloads: bool) -> None:
    """Those of the real one, so that removing them can be tested."""
    for name in ("bin", "db", "manifests", "kubelet", "containerd", "images" if workloads else "db"):
        os.makedirs(f"{machine.data}/{name}", mode=0o755, exist_ok=True)
    if workloads:
        for name in ("/opt/cni/bin", "/usr/libexec/k0s", "/var/log/pods", "/var/log/containers", "/etc/cni/net.d"):
            os.makedirs(machine.root + name, exist_ok=True)
        with open(machine.conflist, "w") as file:
            json.dump(_CONFLIST, file)


def _pki(machine: Machine) -> str | None:
    return machine.pki if machine.setting("tls", True) else None


def _api(machine: Machine, config: dict, given: SimpleNamespace, single: bool, workloads: bool) -> serving.Server:
    spec, settings = config["spec"], machine.api_settings()
    settings.node_address = node_address(given) or spec["api"]["address"]
    settings.service_cidr, settings.pod_cidr = spec["network"]["serviceCIDR"], spec["network"]["podCIDR"]
    if workloads and machine.setting("require_system_images", True):
        disabled = [name for name in (given.disable_components or "").split(",") if name]
        settings.sandbox_image = versions.pause(machine.version)
        settings.system_images = versions.workloads(machine.version, disabled, single)
    os.makedirs(machine.pki, mode=0o751, exist_ok=True)
    if _pki(machine):
        if shutil.which("openssl") is None:
            raise Failure('stand-in: there is no openssl; install it, or set "tls": false')
        names = {"kubernetes", "kubernetes.default", "localhost", socket.gethostname(), *spec["api"].get("sans", [])}
        addresses = {"127.0.0.1", spec["api"]["address"]} | {name for name in names if _is_address(name)}
        certificates.make(machine.pki, sorted(names - addresses), sorted(addresses))
    return serving.Server(settings, f"{machine.data}/db/state.json", machine.faults.path,
                          machine.setting("bind", "0.0.0.0"),
                          machine.setting("port", spec["api"].get("port", 6443)), _pki(machine))


def node_address(given: SimpleNamespace) -> str | None:
    words = (given.kubelet_extra_args or "").split()
    return next((word.partition("=")[2] for word in words if word.startswith("--node-ip=")), None)


def _is_address(text: str) -> bool:
    try:
        socket.inet_aton(text)
        return text.count(".") == 3
    except OSError:
        return False


def main(machine: Machine, given: SimpleNamespace) -> None:
    try:
        run(machine, given)
    except OSError as error:
        raise Failure(f"failed to start controller node components: {error}") from error
    finally:
        sys.stderr.flush()
