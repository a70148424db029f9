"""docs/cli-reference.md from the executables' help."""

import re

import reference_sections as sections

HEAD = """\
<!-- Written by scripts/reference from what the executables say about themselves; change it there. -->

# Command line reference

Results go to standard output, messages and progress to standard error. Every verb takes `-q`, `-v` and `--help`; where
it takes `--format json`, standard output holds JSON only: one document, or one object a line where things happen one
after the other. `sealift --generate-completion-script bash` (or `zsh`, `fish`) prints completions for a shell;
`scripts/reference --man DIR` writes manual pages.
"""


def escaped(text):
    """Text of help in Markdown: what looks like HTML doesn't vanish."""
    return re.sub(r"([<>*_])", r"\\\1", text)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows])


def folded(words, width=100):
    """A synopsis on as many lines as it needs."""
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) > width:
            lines.append("    " + word)
        else:
            lines[-1] += " " + word
    return "\n".join(lines)


def arguments(command):
    parts = []
    for title, members in command.sections.items():
        if not members:
            continue
        if title:
            parts.append(f"{title}:")
        rows = []
        for each in members:
            shown = ", ".join(each.names) + (f" {each.value}" if each.names and each.value else "")
            rows.append([f"`{shown or each.value}`", " ".join([escaped(each.text), *map(escaped, each.notes)])])
        parts.append(table(["argument", "meaning"], rows))
    return parts


def section(command):
    depth = "#" * (1 + len(command.path))
    parts = [f"{depth} {command.name}", escaped(command.text), f"```text\n{folded(command.synopsis)}\n```"]
    parts += [escaped(" ".join(each.split())) for each in command.paragraphs]
    if command.verbs:
        parts.append(
            table(
                ["verb", ""],
                [[f"[`{each.path[-1]}`](#{each.name.replace(' ', '-')})", escaped(each.text)] for each in command.verbs]))
    parts += arguments(command)
    if examples := command.blocks.get("EXAMPLES"):
        parts.append("```sh\n" + "\n".join(examples) + "\n```")
    for verb in command.verbs:
        parts += section(verb)
    return parts


def page(commands):
    """The whole page."""
    parts = [HEAD.rstrip()]
    for command in commands:
        parts += section(command)
    parts += ["## Exit codes", "Of both executables; a script can rely on them."]
    parts.append(table(["code", "meaning"], [[f"`{code}`", escaped(text)] for code, text in commands[0].exit_codes]))
    parts.append(
        "A second Ctrl-C ends a command at once, with 130; a second SIGTERM with 143. "
        "What was under way is gone on with by running the same command again.")
    for title, rows in (("Environment", sections.ENVIRONMENT), ("Files", sections.FILES)):
        parts.append(f"## {title}")
        for command in commands:
            parts += [f"`{command.name}`:", table(
                ["name", "meaning"], [[f"`{name}`", escaped(text)] for name, text in sections.of(rows, command.name)])]
    return "\n\n".join(parts) + "\n"
