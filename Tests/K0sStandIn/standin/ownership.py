"""Who owns which field: FieldsV1 of metadata.managedFields, and server-side apply on top of it.

A path is a tuple of FieldsV1 keys: ("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name").
"""

from __future__ import annotations

import copy
import json

from . import errors
from .store import now

Path = tuple[str, ...]

# Lists that are merged by the keys of their items; all others are replaced as a whole. The name of the list in its
# object is enough to tell, except for ports, which is decided by looking.
_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",), "initContainers": ("name",), "ephemeralContainers": ("name",), "env": ("name",),
    "volumes": ("name",), "volumeMounts": ("mountPath",), "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",), "hostAliases": ("ip",), "conditions": ("type",), "ownerReferences": ("uid",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"), "secrets": ("name",),
}
_NOT_OWNED = {("f:apiVersion",), ("f:kind",), ("f:metadata", "f:name"), ("f:metadata", "f:namespace"),
              ("f:metadata", "f:uid"), ("f:metadata", "f:resourceVersion"), ("f:metadata", "f:generation"),
              ("f:metadata", "f:creationTimestamp"), ("f:metadata", "f:managedFields")}


def keys_of(name: str, items: list) -> tuple[str, ...] | None:
    """The keys that tell the items of the list apart, or None where the list is one value."""
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    if name == "ports":
        if all("containerPort" in item for item in items):
            return ("containerPort", "protocol")
        return ("port", "protocol") if all("port" in item for item in items) else None
    keys = _KEYS.get(name)
    return keys if keys and all(key in item for item in items for key in keys) else None


def identity(item: dict, keys: tuple[str, ...]) -> str:
    chosen = {key: item.get(key, "TCP" if key == "protocol" else None) for key in keys}
    return "k:" + json.dumps(chosen, separators=(",", ":"), sort_keys=True)


def paths(value: object, at: Path = (), name: str = "") -> set[Path]:
    """Every leaf of value. A merged list's item is a leaf too, "." below its key, for its removal."""
    if isinstance(value, dict) and value:
        return {leaf for key, part in value.items() for leaf in paths(part, at + ("f:" + key,), key)}
    keys = keys_of(name, value) if isinstance(value, list) else None
    if keys is None:
        return {at}
    found: set[Path] = set()
    for item in value:
        below = at + (identity(item, keys),)
        found |= {below + (".",)} | paths(item, below)
    return found


def owned(value: dict) -> set[Path]:
    """The leaves of a manifest that its manager comes to own."""
    return {path for path in paths(value) if path[:2] not in _NOT_OWNED and path[:1] not in _NOT_OWNED}


def to_fields(leaves: set[Path]) -> dict:
    tree: dict = {}
    for path in sorted(leaves):
        node = tree
        for part in path:
            node = node.setdefault(part, {})
    return tree


def from_fields(tree: dict, at: Path = ()) -> set[Path]:
    if not tree:
        return {at} if at else set()
    return {leaf for key, part in tree.items() for leaf in from_fields(part, at + (key,))}


def lookup(value: object, path: Path, name: str = "") -> object:
    """What value has at path; None where it has nothing."""
    for part in path:
        if part == ".":
            return value
        if part.startswith("f:"):
            name = part[2:]
            value = value.get(name) if isinstance(value, dict) else None
        else:
            items = value if isinstance(value, list) else []
            keys = keys_of(name, items)
            value = next((item for item in items if keys and identity(item, keys) == part), None)
    return value


def delete(value: object, path: Path) -> None:
    """Takes path out of value, and the maps and lists that it leaves empty."""
    holder = lookup(value, path[:-1])
    if path[-1] == ".":
        items = lookup(value, path[:-2])
        if isinstance(items, list) and holder in items:
            items.remove(holder)
        return
    if isinstance(holder, dict):
        holder.pop(path[-1][2:], None)
        if not holder and len(path) > 2 and path[-2] != ".":
            delete(value, path[:-1])


def merge(old: object, new: object, name: str = "") -> object:
    """old with everything of new, lists merged by their keys."""
    if isinstance(old, dict) and isinstance(new, dict):
        merged = dict(old)
        for key, part in new.items():
            merged[key] = merge(old.get(key), part, key)
        return merged
    if isinstance(old, list) and isinstance(new, list):
        keys = keys_of(name, old + new)
        if keys:
            return _merge_items(old, new, keys)
    return copy.deepcopy(new)


def _merge_items(old: list, new: list, keys: tuple[str, ...]) -> list:
    before = {identity(item, keys): item for item in old}
    wanted = {identity(item, keys): item for item in new}
    kept = [item for key, item in before.items() if key not in wanted]
    return [merge(before.get(key), item) for key, item in wanted.items()] + kept


def apply(live: dict | None, manifest: dict, manager: str, force: bool) -> dict:
    """The object after manager's server-side apply of manifest; 409 when that takes a field from another."""
    manifest = copy.deepcopy(manifest)
    manifest.get("metadata", {}).pop("managedFields", None)
    mine = owned(manifest)
    if live is None:
        result = manifest
        result["metadata"]["managedFields"] = [_entry(manager, "Apply", result["apiVersion"], mine)]
        return result
    entries = live["metadata"].get("managedFields", [])
    others = [entry for entry in entries if not _is(entry, manager, "Apply")]
    merged = merge(live, manifest)
    conflicts = [(entry["manager"], path) for entry in others for path in sorted(_fields(entry) & mine)
                 if path[-1] != "." and lookup(live, path) != lookup(merged, path)]
    if conflicts and not force:
        raise _conflict(conflicts)
    theirs = set().union(*(_fields(entry) for entry in others))
    own = next((entry for entry in entries if _is(entry, manager, "Apply")), None)
    before = _fields(own) if own else set()
    # Items first: without their keys they could not be found any more.
    for path in sorted(before - mine - theirs, key=lambda path: (path[-1] != ".", -len(path))):
        delete(merged, path)
    lost = {path for _, path in conflicts}
    kept = [_entry(entry["manager"], entry["operation"], entry["apiVersion"], _fields(entry) - lost, entry)
            for entry in others]
    merged["metadata"]["managedFields"] = [entry for entry in kept if entry["fieldsV1"]] + [
        _entry(manager, "Apply", manifest["apiVersion"], mine, own)]
    return merged


def record_update(old: dict | None, new: dict, manager: str) -> None:
    """Notes in new that manager set what differs from old by a create, an update or a patch."""
    before = paths(old) if old else set()
    changed = {path for path in owned(new) if path not in before or lookup(old, path) != lookup(new, path)}
    changed = {path for path in changed if path[0] != "f:status"}
    entries = list((old or new)["metadata"].get("managedFields", []))
    present = owned(new)
    result, merged = [], False
    for entry in entries:
        leaves = _fields(entry) & present
        if _is(entry, manager, "Update"):
            leaves, merged = leaves | changed, True
        else:
            leaves -= changed
        if leaves:
            result.append(_entry(entry["manager"], entry["operation"], entry["apiVersion"], leaves, entry))
    if changed and not merged:
        result.append(_entry(manager, "Update", new["apiVersion"], changed))
    new["metadata"]["managedFields"] = result


def _is(entry: dict, manager: str, operation: str) -> bool:
    return entry["manager"] == manager and entry["operation"] == operation


def _fields(entry: dict) -> set[Path]:
    return from_fields(entry.get("fieldsV1", {}))


def _entry(manager: str, operation: str, version: str, leaves: set[Path], old: dict | None = None) -> dict:
    fields = to_fields(leaves)
    time = old["time"] if old and old.get("fieldsV1") == fields else now()
    return {"manager": manager, "operation": operation, "apiVersion": version, "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": fields}


def _conflict(conflicts: list[tuple[str, Path]]) -> errors.ApiError:
    lines = [(f'conflict with "{manager}"', "".join(_readable(part) for part in path)) for manager, path in conflicts]
    many = f"{len(lines)} conflict" + ("s" if len(lines) > 1 else "")
    text = ": ".join(lines[0]) if len(lines) == 1 else "conflicts with " + ", ".join(sorted(
        {f'"{manager}"' for manager, _ in conflicts})) + ":\n" + "\n".join(f"- {path}" for _, path in lines)
    causes = [{"reason": "FieldManagerConflict", "message": message, "field": field} for message, field in lines]
    return errors.ApiError(409, "Conflict", f"Apply failed with {many}: {text}", {"causes": causes})


def _readable(part: str) -> str:
    if part.startswith("f:"):
        return "." + part[2:]
    if part.startswith("k:"):
        pairs = json.loads(part[2:])
        return "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in pairs.items()) + "]"
    return ""
