"""backup, restore, reset."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time

from . import node_config, status
from .controller import is_locked
from .machine import Failure, Machine, reason, require_root
from .service import Service, log, remove_users


def backup(machine: Machine, save_path: str) -> str:
    """The archive's path: pki, state, manifests, images and config, no volumes."""
    require_root(machine)
    if not os.path.isdir(save_path):
        raise Failure(f"the save-path directory ({save_path}) does not exist")
    if not os.path.isdir(machine.data):
        raise Failure(f"cannot find data-dir ({machine.data}). check your environment and/or command input "
                      "and try again")
    try:
        information = status.ask(machine)
    except Failure as error:
        raise Failure(f"unable to detect cluster status {error}") from error
    log("info", "Starting backup")
    stamp = time.strftime("%Y-%m-%dT%H_%M_%S", time.gmtime()) + "_000Z"
    path = os.path.join(save_path, f"k0s_backup_{stamp}.tar.gz")
    with tarfile.open(path + ".new", "w:gz") as archive:
        for name in ("pki", "db", "manifests", "images"):
            if os.path.isdir(f"{machine.data}/{name}"):
                log("info", f"adding `{machine.data}/{name}` path to the backup archive")
                archive.add(f"{machine.data}/{name}", name)
        config = information["K0sVars"]["StartupConfigPath"]
        if os.path.exists(config):
            archive.add(config, "k0s.yaml")
    os.replace(path + ".new", path)
    log("info", f"archive {path} created successfully")
    return path


def restore(machine: Machine, path: str) -> None:
    require_root(machine)
    if is_locked(machine):
        raise Failure("k0s is running, can't restore")
    try:
        with tarfile.open(path) as archive:
            members = [member for member in archive.getmembers() if not member.name.startswith(("/", ".."))]
            for member in members:
                target = "." if member.name == "k0s.yaml" else machine.data
                archive.extract(member, target)
    except (OSError, tarfile.TarError) as error:
        raise Failure(f"failed to unpack backup archive `{path}`: {error}") from error


def reset(machine: Machine, config: str | None) -> None:
    """Removes what the real one removes, and leaves what it leaves; the README lists both."""
    require_root(machine)
    if is_locked(machine):
        raise Failure("another k0s process is still running, please stop k0s before reset")
    node_config.load(machine, config)
    for step, act in (("containers steps", lambda: _unmount(machine)), ("users", lambda: remove_users(machine)),
                      ("remove k0s service", lambda: Service(machine).uninstall()),
                      ("remove directories", lambda: _remove_folders(machine)), ("CNI", lambda: _remove_cni(machine)),
                      ("kube-bridge", _remove_bridge)):
        log("info", "* " + step)
        act()
    log("info", "k0s cleanup operations done.")
    log("warning", "To ensure a full reset, a node reboot is recommended.")


def _mounts() -> list[str]:
    with open("/proc/self/mounts") as file:
        return [line.split()[1].replace("\\040", " ") for line in file]


def _unmount(machine: Machine) -> None:
    for path in reversed(_mounts()):
        if path.startswith(machine.data + "/") or path.startswith(machine.run + "/"):
            done = subprocess.run(["umount", path], capture_output=True)
            if done.returncode:
                subprocess.run(["umount", "--lazy", path], capture_output=True)


def _remove_folders(machine: Machine) -> None:
    try:
        if machine.data in _mounts():  # somebody's own file system: its contents only
            for name in os.listdir(machine.data):
                path = os.path.join(machine.data, name)
                shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)
        elif os.path.isdir(machine.data):
            shutil.rmtree(machine.data)
        if os.path.isdir(machine.run):
            shutil.rmtree(machine.run)
    except OSError as error:
        raise Failure("errors occurred during clean-up: failed to delete k0s generated data-dir: unlinkat "
                      f"{error.filename}: {reason(error)}") from error


def _remove_cni(machine: Machine) -> None:
    if os.path.exists(machine.conflist):
        os.remove(machine.conflist)


def _remove_bridge() -> None:
    if os.path.isdir("/sys/class/net/kube-bridge") and shutil.which("ip"):
        subprocess.run(["ip", "link", "delete", "kube-bridge"], capture_output=True)
