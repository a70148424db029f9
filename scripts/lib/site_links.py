"""Usage: site_links.py [--html DIR]

Checks links of the documentation, with nothing but Python: that each leads to a file, a folder or a heading that is
there, and that no page names a path of the repository in `code` which is not there. With --html the links and ids of a
built site instead, and that it takes nothing from another host.
"""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
PATH = re.compile(r"(?:scripts|Tests|Sources|docs|bundles|\.ci)/[A-Za-z0-9._/+-]+$")
# Names that stand for any name in a path: NAME, FOO_BAR; but not README.md.
PLACE_HOLDER = re.compile(r"(^|[/.-])[A-Z]{3,}($|[/-])")


def documents():
    found = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard", "--deduplicate", "--", "*.md"], cwd=ROOT, text=True)
    return [ROOT / name for name in found.splitlines() if (ROOT / name).exists()]


def without_fences(text):
    """The text with code blocks blanked, so that lines keep their numbers."""
    return FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)


def anchors(path, known={}):
    """The ids that headings of a page get, by GitHub's rule, which the site follows."""
    if path not in known:
        ids = set()
        for title in HEADING.findall(without_fences(path.read_text())):
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
            ids.add(re.sub(r"[^\w\- ]", "", title).strip().replace(" ", "-"))
        known[path] = ids
    return known[path]


def fault_of(target, page):
    """What is wrong with a link of a page, or None."""
    parts = urlsplit(target)
    if parts.scheme:
        return None if parts.scheme in ("http", "https", "mailto") else f"{parts.scheme}: is no kind of link for here"
    path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if path != ROOT and ROOT not in path.parents:
        return "leads out of the repository"
    if not path.exists():
        return "there is no such file"
    if parts.fragment and (path.suffix != ".md" or parts.fragment not in anchors(path)):
        return "there is no such heading"
    return None


def faults_of(page):
    for number, line in enumerate(without_fences(page.read_text()).split("\n"), 1):
        for target in LINK.findall(CODE.sub(lambda match: "x" * len(match[0]), line)):
            if fault := fault_of(target, page):
                yield number, f"({target}): {fault}"
        for code in CODE.findall(line):
            path = code.split()[0] if code.split() else ""
            if PATH.match(path) and not PLACE_HOLDER.search(path) and not (ROOT / path).exists():
                yield number, f"`{path}`: there is no such file"


class Page(HTMLParser):
    """Where an HTML page leads, what it loads, and its ids."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            value = (value or "").strip()
            if name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value)
            elif tag == "a" and name == "href":
                self.links.append(value)
            elif name in ("src", "poster", "data") or (tag == "link" and name == "href"):
                self.loads.append(value)
            elif name == "srcset":
                self.loads += [part.split()[0] for part in value.split(",") if part.split()]


def is_elsewhere(target):
    return target.startswith("//") or urlsplit(target).scheme not in ("", "data")


def html_faults(folder):
    pages = {path: Page(path.read_text()) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        for target in page.loads + page.links:
            parts = urlsplit(target)
            if is_elsewhere(target):
                if target in page.loads:
                    yield path, f"loads {target}"
                continue
            found = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not found.exists():
                yield path, f"leads to {target}, which is not there"
            elif parts.fragment and found in pages and unquote(parts.fragment) not in pages[found].ids | {"__top"}:
                yield path, f"leads to {target}, which is no id there"
    for path in sorted(folder.rglob("*.css")):
        for target in re.findall(r"(?:url\(|@import\s+)[\"']?([^\"')\s]+)", path.read_text()):
            if is_elsewhere(target):
                yield path, f"loads {target}"


def main(arguments):
    if arguments[:1] == ["--html"]:
        folder = Path(arguments[1]).resolve()
        found = [f"{path.relative_to(folder)}: {fault}" for path, fault in html_faults(folder)]
    else:
        found = [f"{page.relative_to(ROOT)}:{number}: {fault}" for page in documents() for number, fault in faults_of(page)]
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
