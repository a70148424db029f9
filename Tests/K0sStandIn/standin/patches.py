"""JSON merge patches, strategic merge patches and JSON patches."""

from __future__ import annotations

import copy

from . import errors, ownership


def json_merge(old: object, patch: object) -> object:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = json_merge(result.get(key), value)
    return result


def strategic_merge(old: object, patch: object, name: str = "") -> object:
    """Kubernetes' own: lists of named items are merged, $patch: delete and replace are honoured."""
    if isinstance(patch, dict):
        if patch.get("$patch") == "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        result = dict(old) if isinstance(old, dict) else {}
        for key, value in patch.items():
            if key.startswith("$"):
                continue  # $setElementOrder and $retainKeys order what is there already
            if value is None:
                result.pop(key, None)
            else:
                result[key] = strategic_merge(result.get(key), value, key)
        return result
    if isinstance(patch, list) and isinstance(old, list):
        keys = ownership.keys_of(name, old + [item for item in patch if isinstance(item, dict)])
        if keys:
            return _merge_items(old, patch, keys)
    return copy.deepcopy(patch)


def _merge_items(old: list, patch: list, keys: tuple[str, ...]) -> list:
    result = {ownership.identity(item, keys): item for item in old}
    for item in patch:
        key = ownership.identity(item, keys)
        if item.get("$patch") == "delete":
            result.pop(key, None)
        else:
            result[key] = strategic_merge(result.get(key), item)
    return list(result.values())


def json_patch(old: dict, operations: list) -> dict:
    """RFC 6902 without move and copy, which kubectl never sends."""
    value: object = copy.deepcopy(old)
    for operation in operations:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        try:
            _operate(value, parts, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise errors.ApiError(422, "Invalid", "the server rejected our request due to an error in our request"
                                  ) from error
    return value


def _operate(value: object, parts: list[str], operation: dict) -> None:
    for part in parts[:-1]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    last, kind = parts[-1], operation["op"]
    if isinstance(value, list):
        index = len(value) if last == "-" else int(last)
        if kind == "add":
            value.insert(index, operation["value"])
        elif kind == "remove":
            del value[index]
        elif kind == "replace":
            value[index] = operation["value"]
        elif kind == "test" and value[index] != operation["value"]:
            raise ValueError("test failed")
    elif kind in ("add", "replace"):
        value[last] = operation["value"]
    elif kind == "remove":
        del value[last]
    elif kind == "test" and value.get(last) != operation["value"]:
        raise ValueError("test failed")
