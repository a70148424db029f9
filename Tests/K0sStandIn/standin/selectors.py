"""Label and field selectors, as in ?labelSelector=app=web,tier!=x and ?fieldSelector=metadata.name=web."""

from __future__ import annotations

import re
from typing import Callable

from . import errors

Predicate = Callable[[dict], bool]


def compile_selectors(labels: str, fields: str) -> Predicate:
    """A predicate over objects that is true where both selectors match."""
    terms = [_label_term(term) for term in _split(labels)] + [_field_term(term) for term in _split(fields)]
    return lambda value: all(term(value) for term in terms)


def matches(selector: dict | None, labels: dict) -> bool:
    """Whether a LabelSelector object (matchLabels, matchExpressions) selects labels."""
    if selector is None:
        return False
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for term in selector.get("matchExpressions", []):
        present, values = labels.get(term["key"]), term.get("values", [])
        held = {"In": present in values, "NotIn": present not in values, "Exists": present is not None,
                "DoesNotExist": present is None}[term["operator"]]
        if not held:
            return False
    return True


def field(value: dict, path: str) -> object:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^()]*\))", text) if part.strip()]


def _label_term(term: str) -> Predicate:
    def labels(value: dict) -> dict:
        return value["metadata"].get("labels") or {}

    if found := re.fullmatch(r"(\S+)\s+(in|notin)\s+\((.*)\)", term):
        key, values = found[1], [part.strip() for part in found[3].split(",")]
        if found[2] == "in":
            return lambda value: labels(value).get(key) in values
        return lambda value: labels(value).get(key) not in values
    if found := re.fullmatch(r"([^=!\s]+)\s*(==|=|!=)\s*(\S*)", term):
        key, wanted = found[1], found[3]
        if found[2] == "!=":
            return lambda value: labels(value).get(key) != wanted
        return lambda value: labels(value).get(key) == wanted
    if re.fullmatch(r"!\s*\S+", term):
        return lambda value: term[1:].strip() not in labels(value)
    if re.fullmatch(r"[^\s=!()]+", term):
        return lambda value: term in labels(value)
    raise errors.bad_request(f'unable to parse requirement: "{term}"')


def _field_term(term: str) -> Predicate:
    found = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", term)
    if not found:
        raise errors.bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    path, wanted = found[1], found[3].replace("\\,", ",").replace("\\=", "=")
    if found[2] == "!=":
        return lambda value: str(field(value, path) or "") != wanted
    return lambda value: str(field(value, path) or "") == wanted
