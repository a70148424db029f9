"""Faults that a test asks for: a JSON file that is read again whenever it changes. The README tells its fields."""

from __future__ import annotations

import contextlib
import fcntl
import fnmatch
import json
import os
import sys
from typing import Iterator


class Faults:
    """The file of faults, and the count of how often each that has "times" was used since the file changed."""

    def __init__(self, path: str | None, used_path: str | None = None):
        self.path, self.used_path = path, used_path
        self._seen: str | None = None
        self._faults: dict = {}
        self._used: dict[str, int] = {}

    def read(self) -> dict:
        """What the file says now; {} when there is none."""
        seen = self._identity()
        if seen != self._seen:
            try:
                self._faults = self._load() if seen else {}
            except ValueError as error:  # it may be half written: the old faults last until it is whole
                print(f"stand-in: {self.path}: {error}", file=sys.stderr, flush=True)
                return self._faults
            self._seen, self._used = seen, {}
        return self._faults

    def verb(self, name: str) -> dict | None:
        """The fault of a verb of k0s, or None. Asking for it uses it up."""
        fault = self.read().get("verbs", {}).get(name)
        return fault if fault and self.use(f"verbs.{name}", fault) else None

    def pod(self, namespace: str, *names: str) -> dict | None:
        """The fault of a pod that goes by one of names (its own, its owner's)."""
        return self._named("pods", namespace, names)

    def job(self, namespace: str, name: str) -> dict | None:
        return self._named("jobs", namespace, (name,))

    def log(self, namespace: str, *names: str) -> dict | None:
        return self._named("logs", namespace, names)

    def use(self, key: str, fault: dict) -> bool:
        """Whether the fault still applies: always without "times", else that often."""
        if "times" not in fault:
            return True
        with self._counts() as counts:
            if counts.get(key, 0) >= fault["times"]:
                return False
            counts[key] = counts.get(key, 0) + 1
            return True

    def _named(self, section: str, namespace: str, names: tuple[str, ...]) -> dict | None:
        for fault in self.read().get(section, []):
            if fault.get("namespace") in (None, namespace) and any(
                    fnmatch.fnmatchcase(name, fault.get("match", "*")) for name in names if name):
                return fault
        return None

    def _load(self) -> dict:
        with open(self.path) as file:
            loaded = json.load(file)
        if not isinstance(loaded, dict):
            raise ValueError("not an object")
        return loaded

    def _identity(self) -> str | None:
        try:
            status = os.stat(self.path) if self.path else None
        except FileNotFoundError:
            return None
        return f"{status.st_ino}.{status.st_mtime_ns}.{status.st_size}" if status else None

    @contextlib.contextmanager
    def _counts(self) -> Iterator[dict[str, int]]:
        """The counts; shared between the verbs, which are processes of their own, through a file."""
        if self.used_path is None:
            yield self._used
            return
        os.makedirs(os.path.dirname(self.used_path), exist_ok=True)
        with open(self.used_path, "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            saved = json.loads(file.read() or "{}")
            counts = saved["counts"] if saved.get("faults") == self._identity() else {}
            yield counts
            file.truncate(0)
            json.dump({"faults": self._identity(), "counts": counts}, file)
