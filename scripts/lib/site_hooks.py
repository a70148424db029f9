"""Hooks of mkdocs for scripts/site: documentation that lies outside docs/, and the short forms of its nav.

Pages are written for whoever reads the repository: their links lead to files anywhere in it, and to folders. Here
they become links of the site. README, CHANGELOG and the like become pages below project/; any other file that a page
links to is copied; a folder becomes its README, or a list of its pages.
"""

import html
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
LISTED = ["decisions"]  # folders of docs/ without a page about themselves; they get a list of theirs
ASSETS = {"assets/site.css": "site.css", "assets/iframe-worker.js": "site-iframe-worker.js"}
LINK = re.compile(r"(?<=\]\()([^)\s#]+)(#[^)\s]*)?(?=\))")
PIPED_CODE = re.compile(r"`([^`\n]*\\\|[^`\n]*)`")
FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)


def page_names():
    """Every page of the site, relative to its root."""
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in sorted((ROOT / "docs").rglob("*.md"))]
    return pages + [f"project/{name.lower()}" for name in PROJECT] + [f"{folder}/index.md" for folder in LISTED]


def entries(nav):
    for item in nav:
        value = next(iter(item.values())) if isinstance(item, dict) else item
        if isinstance(value, list):
            yield from entries(value)
        else:
            yield value


def expand(nav, pages, named):
    """The nav without pages that are not there, and with those that a * stands for."""
    for item in nav:
        title, value = next(iter(item.items())) if isinstance(item, dict) else (None, item)
        if isinstance(value, list):
            yield {title: list(expand(value, pages, named))}
        elif value.endswith("*"):
            folder = posixpath.dirname(value)
            found = [page for page in pages if posixpath.dirname(page) == folder and page not in named]
            yield from sorted(found, key=lambda page: (not page.endswith("index.md"), page))
        elif value in pages:
            yield item


def on_config(config):
    pages = page_names()
    config.nav = list(expand(config.nav, pages, set(entries(config.nav))))
    return config


def title_of(page):
    return next(line[2:] for line in page.read_text().splitlines() if line.startswith("# "))


def folder_page(folder):
    lines = [f"# {folder.capitalize()}", ""]
    for page in sorted((ROOT / "docs" / folder).glob("*.md")):
        lines.append(f"- [{title_of(page)}]({page.name})")
    return "\n".join(lines) + "\n"


def on_files(files, config):
    for name in PROJECT:
        files.append(File.generated(config, f"project/{name.lower()}", abs_src_path=str(ROOT / name)))
    for folder in LISTED:
        files.append(File.generated(config, f"{folder}/index.md", content=folder_page(folder)))
    for uri, name in ASSETS.items():
        files.append(File.generated(config, uri, abs_src_path=str(Path(__file__).with_name(name))))
    for page in [page for page in files if page.is_documentation_page()]:
        for path, _ in LINK.findall(FENCE.sub("", page.content_string)):
            target = ROOT / resolve(page, path)
            uri = place(resolve(page, path))
            if uri.startswith("project/files/") and target.is_file() and files.get_file_from_path(uri) is None:
                files.append(File.generated(config, uri, abs_src_path=str(target)))
    return files


def source(page):
    """Where a page stands in the repository."""
    for name in PROJECT:
        if page.src_uri == f"project/{name.lower()}":
            return name
    return f"docs/{page.src_uri}"


def resolve(page, link):
    """A link of a page as a path in the repository; what is no path stays as it is."""
    if re.match(r"[a-z]+:", link):
        return link
    return posixpath.normpath(posixpath.join(posixpath.dirname(source(page)), link))


def place(path):
    """Where a path of the repository stands in the site."""
    if path in PROJECT:
        return f"project/{path.lower()}"
    if path == "README.md":
        return "index.md"
    if path.startswith("docs/"):
        inside = path.removeprefix("docs/")
        if not (ROOT / path).is_dir():
            return inside
        return f"{inside}/README.md" if (ROOT / path / "README.md").exists() else f"{inside}/index.md"
    return f"project/files/{path}"


def on_post_build(config):
    # Its links are absolute, for a web server that knows where the site is; from a folder they lead nowhere.
    (Path(config.site_dir) / "404.html").unlink()


def on_page_markdown(markdown, page, config, files):
    def moved(match):
        path, anchor = match[1], match[2] or ""
        if re.match(r"[a-z]+:", path):
            return match[0]
        target = place(resolve(page.file, path))
        return posixpath.relpath(target, posixpath.dirname(page.file.src_uri) or ".") + anchor

    # In a table GitHub wants a pipe in code escaped; here the backslash would be shown.
    markdown = PIPED_CODE.sub(lambda code: f"<code>{html.escape(code[1]).replace(chr(92) + '|', '&#124;')}</code>", markdown)
    kept = [match.span() for match in FENCE.finditer(markdown)]
    parts, end = [], 0
    for start, stop in [*kept, (len(markdown), len(markdown))]:
        parts += [LINK.sub(moved, markdown[end:start]), markdown[start:stop]]
        end = stop
    return "".join(parts)
