"""Command lines as k0s' own parser reads them."""

from __future__ import annotations

from types import SimpleNamespace

from .machine import Failure


def value_of(flag: str, words: list[str]) -> str | None:
    for index, word in enumerate(words):
        if word.startswith(flag + "="):
            return word.partition("=")[2]
        if word == flag and index + 1 < len(words):
            return words[index + 1]
    return None


def parse(rest: list[str], *flags: tuple) -> SimpleNamespace:
    """As pflag parses. flags: (name, ...) takes a value, (name, ..., bool) none, or =true, =false; --env adds up."""
    flags += (("--data-dir",), ("-d", "--debug", bool), ("-v", "--verbose", bool))
    known = {name: names for names in flags for name in names if name is not bool}
    given = {_field(names): False if names[-1] is bool else None for names in flags}
    words = list(rest)
    while words:
        word = words.pop(0)
        name, equals, value = word.partition("=")
        names = known.get(name)
        if names is None:
            raise Failure(f"unknown flag: {name}" if name.startswith("--") else
                          f"unknown shorthand flag: {name[1:2]!r} in {name}" if name.startswith("-") else
                          f'unknown command "{word}" for "k0s"')
        if names[-1] is bool:
            given[_field(names)] = _truth(name, value) if equals else True
            continue
        if not equals:
            if not words:
                raise Failure(f"flag needs an argument: {name}")
            value = words.pop(0)
        given[_field(names)] = (given[_field(names)] or []) + [value] if "--env" in names else value
    return SimpleNamespace(**given)


def _field(names: tuple) -> str:
    return next(name for name in names if name is not bool and name.startswith("--"))[2:].replace("-", "_")


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise Failure(f'invalid argument "{text}" for "{name}" flag: strconv.ParseBool: parsing "{text}": '
                      "invalid syntax")
    return text == "true"
