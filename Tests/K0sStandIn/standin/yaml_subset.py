"""As much of YAML as a k0s.yaml uses: block maps and lists, one-line flow maps and lists, plain and quoted scalars."""

from __future__ import annotations

import json
import re


class YamlError(ValueError):
    """Worded as the real parser does: "yaml: line 3: ..."."""

    def __init__(self, line: int, problem: str):
        super().__init__(f"yaml: line {line}: {problem}")


def parse(text: str) -> object:
    """The first document of text."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    lines = []
    for number, raw in enumerate(text.splitlines(), 1):
        if re.match(r" *\t", raw):
            raise YamlError(number, "found character that cannot start any token")
        bare = _uncommented(raw).rstrip()
        if bare.strip() in ("---", "..."):
            if lines:
                break
        elif bare.strip():
            lines.append((number, len(bare) - len(bare.lstrip()), bare.strip()))
    return _Block(lines).value(0) if lines else None


def _uncommented(line: str) -> str:
    found = re.match(r"""((?:[^'"#]|'[^']*'|"(?:[^"\\]|\\.)*"|(?<!\s)#)*?)(?:(?:^|\s)#.*)?$""", line)
    return found[1] if found else line


class _Block:
    def __init__(self, lines: list[tuple[int, int, str]]):
        self.lines, self.at = lines, 0

    def value(self, least: int) -> object:
        if self.at >= len(self.lines) or self.lines[self.at][1] < least:
            return None
        _, indent, text = self.lines[self.at]
        result = self._list(indent) if text == "-" or text.startswith("- ") else self._map(indent)
        if least == 0 and self.at < len(self.lines):
            raise YamlError(self.lines[self.at][0], "did not find expected key")
        return result

    def _map(self, indent: int) -> dict:
        result: dict = {}
        while self.at < len(self.lines) and self.lines[self.at][1] == indent:
            number, _, text = self.lines[self.at]
            found = re.fullmatch(r"""("[^"]*"|'[^']*'|[^\s"'\[\]{}][^:]*?)\s*:(?:\s+(.*))?""", text)
            if not found:
                raise YamlError(number, "could not find expected ':'")
            self.at += 1
            rest = found[2] or ""
            if rest:
                result[_scalar(found[1], number)] = _scalar(rest, number)
            else:
                following = self.lines[self.at] if self.at < len(self.lines) else (0, -1, "")
                same = following[1] == indent and following[2].startswith("-")
                result[_scalar(found[1], number)] = self._list(indent) if same else self.value(indent + 1)
        if self.at < len(self.lines) and self.lines[self.at][1] > indent:
            raise YamlError(self.lines[self.at][0], "mapping values are not allowed in this context")
        return result

    def _list(self, indent: int) -> list:
        result: list = []
        while self.at < len(self.lines) and self.lines[self.at][1] == indent and self.lines[self.at][2].startswith("-"):
            number, _, text = self.lines[self.at]
            rest = text[1:].strip()
            if not rest:
                self.at += 1
                result.append(self.value(indent + 1))
            elif re.match(r"""[^\s"'\[{][^:]*:(\s|$)""", rest):
                inner = indent + len(text) - len(rest)
                self.lines[self.at] = (number, inner, rest)
                result.append(self._map(inner))
            else:
                self.at += 1
                result.append(_scalar(rest, number))
        return result


def _scalar(text: str, line: int) -> object:
    if text[0] in "[{":
        value, rest = _flow(text, line)
        if rest.strip():
            raise YamlError(line, "did not find expected key")
        return value
    if text[0] == '"':
        try:
            return json.loads(text)
        except ValueError as error:
            raise YamlError(line, "found unexpected end of stream") from error
    if text[0] == "'":
        if len(text) < 2 or text[-1] != "'":
            raise YamlError(line, "found unexpected end of stream")
        return text[1:-1].replace("''", "'")
    if text in ("true", "false"):
        return text == "true"
    if text in ("null", "~"):
        return None
    return int(text) if re.fullmatch(r"-?(0|[1-9][0-9]*)", text) else text


def _flow(text: str, line: int) -> tuple[object, str]:
    """A flow map or list at the start of text, and what follows it."""
    closing, is_map = {"[": "]", "{": "}"}[text[0]], text[0] == "{"
    values, rest = [], text[1:].lstrip()
    while rest and rest[0] != closing:
        key = None
        if is_map:
            found = re.match(r"""("[^"]*"|'[^']*'|[^,:{}\[\]]+)\s*:\s*""", rest)
            if not found:
                raise YamlError(line, "did not find expected ',' or '}'")
            key, rest = _scalar(found[1].strip(), line), rest[found.end():]
        if rest and rest[0] in "[{":
            value, rest = _flow(rest, line)
        else:
            found = re.match(r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^,\[\]{}]*)""", rest)
            value, rest = _scalar(found[1].strip(), line) if found[1].strip() else None, rest[found.end():]
        values.append((key, value))
        rest = rest.lstrip()
        if rest.startswith(","):
            rest = rest[1:].lstrip()
    if not rest:
        raise YamlError(line, f"did not find expected ',' or '{closing}'")
    return (dict(values) if is_map else [value for _, value in values]), rest[1:]
