"""The objects of the stand-in's cluster: in memory, and in one JSON file that outlives a kill -9."""

from __future__ import annotations

import copy
import datetime
import json
import os
import threading
import uuid
from collections import deque
from typing import Iterator, NamedTuple

from . import errors
from .resources import BUILT_IN, Resource, of_definition

HISTORY = 5000  # changes that a watch can go back


class Change(NamedTuple):
    version: int
    type: str
    resource: Resource
    object: dict


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """Every object, under one lock. What is stored is never changed in place: readers may keep what they got."""

    def __init__(self, path: str | None):
        self.path = path
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self._objects: dict[tuple[str, str], dict[tuple[str, str], dict]] = {}
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._dirty = False
        self._load()
        self._oldest = self.version  # what happened before this process did is not known

    # Kinds

    def resources(self) -> list[Resource]:
        """Built-in kinds, and those of the custom resource definitions that there are."""
        definitions = self._objects.get(("apiextensions.k8s.io", "customresourcedefinitions"), {}).values()
        return list(BUILT_IN) + [kind for definition in definitions for kind in of_definition(definition)]

    def resource(self, group: str, version: str, plural: str) -> Resource:
        for resource in self.resources():
            if (resource.group, resource.version, resource.plural) == (group, version, plural):
                return resource
        raise errors.no_such_path()

    def kind(self, plural: str) -> Resource:
        """A built-in kind by the name in its paths."""
        return next(resource for resource in BUILT_IN if resource.plural == plural)

    # Reading

    def find(self, resource: Resource, namespace: str, name: str) -> dict | None:
        with self.changed:
            return self._objects.get((resource.group, resource.plural), {}).get((namespace, name))

    def get(self, resource: Resource, namespace: str, name: str) -> dict:
        found = self.find(resource, namespace, name)
        if found is None:
            raise errors.not_found(resource, name)
        return found

    def list(self, resource: Resource, namespace: str = "") -> list[dict]:
        with self.changed:
            objects = self._objects.get((resource.group, resource.plural), {})
            return [value for (space, _), value in sorted(objects.items()) if not namespace or space == namespace]

    def all(self) -> Iterator[tuple[Resource, dict]]:
        with self.changed:
            for resource in self.resources():
                for value in self.list(resource):
                    yield resource, value

    def changes(self, resource: Resource, after: int) -> list[Change]:
        with self.changed:
            if after < self._oldest:
                raise errors.expired(after, self._oldest)
            return [change for change in self._history if change.version > after
                    and (change.resource.group, change.resource.plural) == (resource.group, resource.plural)]

    # Writing

    def create(self, resource: Resource, value: dict) -> dict:
        metadata = value["metadata"]
        with self.changed:
            if self.find(resource, metadata.get("namespace", ""), metadata["name"]) is not None:
                raise errors.already_exists(resource, metadata["name"])
            metadata.setdefault("uid", str(uuid.uuid4()))
            metadata.setdefault("creationTimestamp", now())
            metadata.setdefault("generation", 1)
            return self._put("ADDED", resource, value)

    def update(self, resource: Resource, value: dict) -> dict:
        """Stores value when it differs from what is there; a change of the spec is a new generation."""
        metadata = value["metadata"]
        with self.changed:
            old = self.get(resource, metadata.get("namespace", ""), metadata["name"])
            metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
            if _without_times(value) == _without_times(old):
                return old
            if _desired(value) != _desired(old):
                metadata["generation"] = old["metadata"].get("generation", 1) + 1
            return self._put("MODIFIED", resource, value)

    def remove(self, resource: Resource, namespace: str, name: str) -> dict:
        with self.changed:
            value = copy.deepcopy(self.get(resource, namespace, name))
            del self._objects[(resource.group, resource.plural)][(namespace, name)]
            self._record("DELETED", resource, value)
            return value

    def _put(self, type: str, resource: Resource, value: dict) -> dict:
        value["apiVersion"], value["kind"] = resource.api_version, resource.kind
        key = (value["metadata"].get("namespace", ""), value["metadata"]["name"])
        self._record(type, resource, value)
        self._objects.setdefault((resource.group, resource.plural), {})[key] = value
        return value

    def _record(self, type: str, resource: Resource, value: dict) -> None:
        self.version += 1
        value["metadata"]["resourceVersion"] = str(self.version)
        if len(self._history) == self._history.maxlen:
            self._oldest = self._history[0].version
        self._history.append(Change(self.version, type, resource, value))
        self._dirty = True
        self.changed.notify_all()

    # The file

    def save(self) -> None:
        """Writes the file when anything changed; called before a request is answered."""
        with self.changed:
            if not self._dirty or self.path is None:
                return
            objects = [[group, plural, list(values.values())] for (group, plural), values in self._objects.items()]
            with open(self.path + ".new", "w", opener=_private) as file:
                json.dump({"stand-in": True, "version": self.version, "objects": objects}, file)
            os.replace(self.path + ".new", self.path)
            self._dirty = False

    def _load(self) -> None:
        if self.path is None or not os.path.exists(self.path):
            return
        with open(self.path) as file:
            saved = json.load(file)
        self.version = saved["version"]
        for group, plural, values in saved["objects"]:
            self._objects[(group, plural)] = {
                (value["metadata"].get("namespace", ""), value["metadata"]["name"]): value for value in values}


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _desired(value: dict) -> dict:
    return {key: part for key, part in value.items() if key not in ("status", "metadata")}


def _without_times(value: dict) -> dict:
    """Without what changes although nothing was changed."""
    bare = dict(value)
    bare["metadata"] = {key: part for key, part in value["metadata"].items()
                        if key not in ("managedFields", "resourceVersion", "generation")}
    owners = [{key: part for key, part in entry.items() if key != "time"}
              for entry in value["metadata"].get("managedFields", [])]
    bare["owners"] = sorted(owners, key=lambda entry: json.dumps(entry, sort_keys=True))
    return bare
