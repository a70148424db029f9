"""`k0s sysinfo`: looks a little, passes by default, and says what the faults tell it to say."""

from __future__ import annotations

import json
import os
import resource
import shutil

from .machine import Machine


def probes(machine: Machine, data_dir: str, worker: bool) -> list[dict]:
    """The results in the real one's form. Faults: {"sysinfo": [{"name": ..., "category": "rejected", ...}]}."""
    found = _probes(data_dir, worker)
    for fault in machine.faults.read().get("sysinfo", []):
        entry = next((one for one in found if one["displayName"] == fault.get("name")), None)
        if entry is None:
            entry = _entry([fault.get("name", "stand-in")], fault.get("name", "stand-in"), "")
            found.append(entry)
        entry |= {"prop": fault.get("prop", entry["prop"]), "message": fault.get("message", ""),
                  "category": fault.get("category", "rejected")}
    return found


def failed(results: list[dict]) -> bool:
    return any(one["category"] in ("rejected", "error") for one in results)


def text(results: list[dict]) -> str:
    lines = []
    for one in results:
        indent = "  " * max(0, len(one["path"]) - 1)
        message = f": {one['message']}" if one["message"] else ""
        prop = one["prop"] + " " if one["prop"] else ""
        lines.append(f"{indent}{one['displayName']}: {prop}({one['category']}{message})")
    return "\n".join(lines) + "\n"


def as_json(results: list[dict]) -> str:
    return json.dumps(results, indent=2)


def _probes(data_dir: str, worker: bool) -> list[dict]:
    existing = data_dir
    while not os.path.isdir(existing):
        existing = os.path.dirname(existing)
    disk, limits = shutil.disk_usage(existing), resource.getrlimit(resource.RLIMIT_NOFILE)
    result = [
        _entry(["memory"], "Total memory", _size(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))),
        _entry([f"filesystem:{data_dir}"], f"File system of {existing}", "ext4"),
        _entry([f"disk:{data_dir}"], f"Disk space available for {existing}", _size(disk.free)),
        _entry(["nameResolution:localhost"], "Name resolution: localhost", "[127.0.0.1]"),
        _entry(["os"], "Operating system", "Linux"),
        _entry(["os", "kernelRelease"], "Linux kernel release", os.uname().release),
        _entry(["os", "RLIMIT_NOFILE"], "Max. file descriptors per process",
               f"current: {limits[0]} / max: {limits[1]}"),
        _entry(["os", "AppArmor"], "AppArmor", "unavailable")]
    if worker:
        result += [_entry(["os", f"executableInPath:{name}"], f"Executable in PATH: {name}", shutil.which(name) or name)
                   for name in ("modprobe", "mount", "umount")]
        result.append(_entry(["os", "procfs"], "/proc file system", "mounted (0x9fa0)"))
        result.append(_entry(["os", "cgroups"], "Control Groups", "version 2"))
        result += [_entry(["os", "cgroups", name], f'cgroup controller "{name}"', "available")
                   for name in ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "pids", "hugetlb", "blkio")]
    return result


def _entry(path: list[str], name: str, prop: str) -> dict:
    return {"path": path, "displayName": name, "prop": prop, "message": "", "category": "pass", "error": None}


def _size(number: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            break
        number /= 1024
    else:
        unit = "TiB"
    return f"{number:.1f} {unit}"
