"""Create, apply, patch, update and delete: what the requests do to the store."""

from __future__ import annotations

import copy
import random
import uuid
from typing import Callable, NamedTuple

from . import defaults, errors, ownership, patches, selectors, validation
from .resources import Resource
from .store import Store, now

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


class Options(NamedTuple):
    """The parameters of a write."""

    manager: str = "stand-in"
    dry_run: bool = False
    force: bool = False
    strict: bool = False


class Operations:
    """Writes as the API server does them: defaults filled in, checked, owned, and stored unless it is a dry run."""

    def __init__(self, store: Store, service_cidr: str = "10.96.0.0/12"):
        self.store, self.service_cidr = store, service_cidr

    def create(self, resource: Resource, namespace: str, value: dict, options: Options = Options()) -> dict:
        with self.store.changed:
            value = self._named(resource, namespace, copy.deepcopy(value))
            if self.store.find(resource, namespace, value["metadata"]["name"]) is not None:
                raise errors.already_exists(resource, value["metadata"]["name"])
            ownership.record_update(None, value, options.manager)
            return self._add(resource, value, options)

    def apply(self, resource: Resource, namespace: str, name: str, manifest: dict,
              options: Options) -> tuple[dict, bool]:
        """Server-side apply; the object, and whether it is new."""
        if not options.manager:
            raise errors.ApiError(422, "Invalid", 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required '
                                  "value: is required for apply patch")
        with self.store.changed:
            manifest = self._named(resource, namespace, copy.deepcopy(manifest), name)
            if manifest["metadata"].get("managedFields"):
                raise errors.bad_request("metadata.managedFields must be nil")
            live = self.store.find(resource, namespace, name)
            merged = ownership.apply(live, manifest, options.manager, options.force)
            if live is None:
                return self._add(resource, merged, options), True
            return self._change(resource, live, merged, options), False

    def patch(self, resource: Resource, namespace: str, name: str, kind: str, body: object, options: Options,
              subresource: str = "") -> dict:
        """kind: "merge", "strategic-merge" or "json"."""
        def patched(live: dict) -> dict:
            if kind == "json":
                return patches.json_patch(live, body if isinstance(body, list) else [])
            merge = patches.json_merge if kind == "merge" else patches.strategic_merge
            return merge(copy.deepcopy(live), body)
        return self.rewrite(resource, namespace, name, patched, options, subresource)

    def replace(self, resource: Resource, namespace: str, name: str, value: dict, options: Options,
                subresource: str = "") -> dict:
        def replaced(live: dict) -> dict:
            given = value.get("metadata", {}).get("resourceVersion")
            if given and given != live["metadata"]["resourceVersion"]:
                raise errors.stale(resource, name)
            return copy.deepcopy(value)
        return self.rewrite(resource, namespace, name, replaced, options, subresource)

    def rewrite(self, resource: Resource, namespace: str, name: str, change: Callable[[dict], dict], options: Options,
                subresource: str = "") -> dict:
        """Stores change(live); of a status only the status, of anything else all but the status."""
        with self.store.changed:
            live = self.store.get(resource, namespace, name)
            value = change(live)
            if subresource == "status":
                value = dict(copy.deepcopy(live), status=value.get("status", {}))
            elif resource.status and "status" in live:
                value["status"] = copy.deepcopy(live["status"])
            value.setdefault("metadata", {})
            for key in ("uid", "creationTimestamp", "resourceVersion", "generation", "namespace", "name"):
                if key in live["metadata"]:
                    value["metadata"][key] = live["metadata"][key]
            value["apiVersion"], value["kind"] = live["apiVersion"], live["kind"]
            ownership.record_update(live, value, options.manager)
            return self._change(resource, live, value, options)

    def set_status(self, resource: Resource, value: dict, status: dict) -> dict:
        """As the controllers do it: no checks, no owner."""
        with self.store.changed:
            live = self.store.find(resource, value["metadata"].get("namespace", ""), value["metadata"]["name"])
            if live is None or live["metadata"]["uid"] != value["metadata"]["uid"] or live.get("status") == status:
                return value
            return self.store.update(resource, dict(copy.deepcopy(live), status=copy.deepcopy(status)))

    def delete(self, resource: Resource, namespace: str, name: str, propagation: str = "Background",
               dry_run: bool = False) -> dict:
        with self.store.changed:
            value = self.store.get(resource, namespace, name)
            if dry_run:
                return value
            if resource.kind == "Namespace":
                return self._terminate(resource, value)
            if propagation == "Orphan":
                self._orphan(value)
            return self.store.remove(resource, namespace, name)

    def delete_all(self, resource: Resource, namespace: str, chosen: selectors.Predicate, propagation: str,
                   dry_run: bool) -> list[dict]:
        with self.store.changed:
            return [self.delete(resource, value["metadata"].get("namespace", ""), value["metadata"]["name"],
                                propagation, dry_run)
                    for value in self.store.list(resource, namespace) if chosen(value)]

    def _named(self, resource: Resource, namespace: str, value: dict, name: str = "") -> dict:
        """value with the name and the namespace of its path, checked against its own."""
        if value.get("kind") != resource.kind or value.get("apiVersion") != resource.api_version:
            raise errors.bad_request(f"{value.get('kind')} in version {value.get('apiVersion')} cannot be handled as "
                                     f"a {resource.kind}: the kind or version does not match the path")
        metadata = value.get("metadata") or {}
        value["metadata"] = metadata
        if metadata.get("generateName") and not metadata.get("name"):
            metadata["name"] = metadata["generateName"] + random_suffix()
        if name and metadata.get("name") not in (None, name):
            raise errors.bad_request(f"the name of the object ({metadata['name']}) does not match the name on the URL "
                                     f"({name})")
        if name:
            metadata["name"] = name
        if not metadata.get("name"):
            raise errors.invalid(resource, "", [("metadata.name", "Required value: name or generateName is required")])
        if resource.namespaced:
            if metadata.get("namespace") not in (None, "", namespace):
                raise errors.bad_request("the namespace of the provided object does not match the namespace sent on "
                                         "the request")
            metadata["namespace"] = namespace
        return value

    def _add(self, resource: Resource, value: dict, options: Options) -> dict:
        if resource.namespaced:
            self._require_namespace(resource, value)
        metadata = value["metadata"]
        metadata.pop("resourceVersion", None)
        metadata["uid"], metadata["creationTimestamp"], metadata["generation"] = str(uuid.uuid4()), now(), 1
        value = self._admitted(resource, value, None, options)
        return value if options.dry_run else self.store.create(resource, value)

    def _change(self, resource: Resource, live: dict, value: dict, options: Options) -> dict:
        value = self._admitted(resource, value, live, options)
        return value if options.dry_run else self.store.update(resource, value)

    def _admitted(self, resource: Resource, value: dict, live: dict | None, options: Options) -> dict:
        value = copy.deepcopy(value)
        try:
            validation.check_types(resource, value)
            defaults.fill(self.store, value, self.service_cidr)
            if resource.kind == "Job":
                defaults.own_job(value)
            if options.strict:
                validation.check_fields(resource, value)
            validation.check(resource, value, live)
        except (AttributeError, KeyError, TypeError) as error:  # a map where a list belongs, or the like
            raise errors.bad_request(f"{resource.kind} in version \"{resource.version}\" cannot be handled as a "
                                     f"{resource.kind}: json: cannot unmarshal: {error}") from error
        return value

    def _require_namespace(self, resource: Resource, value: dict) -> None:
        namespaces, namespace = self.store.kind("namespaces"), value["metadata"]["namespace"]
        if self.store.get(namespaces, "", namespace)["status"].get("phase") == "Terminating":
            raise errors.terminating(resource, value["metadata"]["name"], namespace)

    def _terminate(self, resource: Resource, value: dict) -> dict:
        """The status loop empties the namespace, then removes it."""
        value = copy.deepcopy(value)
        value["metadata"].setdefault("deletionTimestamp", now())
        value["status"] = {"phase": "Terminating"}
        return self.store.update(resource, value)

    def _orphan(self, owner: dict) -> None:
        for resource, value in list(self.store.all()):
            references = value["metadata"].get("ownerReferences", [])
            kept = [entry for entry in references if entry["uid"] != owner["metadata"]["uid"]]
            if len(kept) != len(references):
                value = copy.deepcopy(value)
                value["metadata"]["ownerReferences"] = kept
                self.store.update(resource, value)


def random_suffix(length: int = 5) -> str:
    return "".join(random.choices(_SUFFIX, k=length))
