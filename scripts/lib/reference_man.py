"""Manual pages, man(7), from the executables' help."""

import reference_sections as sections


def text(words):
    """Running text: what troff would take for its own is told from it."""
    shown = words.replace("\\", "\\e").replace("-", "\\-").replace("…", "\\[u2026]").replace("`", "")
    return guarded(shown)


def guarded(lines):
    """Lines of text, of which none is taken for a request."""
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines.split("\n"))


def sentences(words):
    """Running text, a sentence a line, as troff likes it to tell their ends."""
    return guarded(text(" ".join(words.split())).replace(". ", ".\n").replace("; ", ";\n"))


def styled(synopsis):
    """A word of a command line: what is typed as it is in bold, what stands for something in italics."""
    shown = text(synopsis)
    # Three dots are no end of a sentence.
    return shown.replace("<", "\\fI").replace(">", "\\fP").replace("...", "...\\&")


def listed(rows):
    lines = []
    for name, meaning in rows:
        lines += [".TP", f"\\fB{text(name)}\\fP", sentences(meaning)]
    return lines


def page(command, executable, version):
    """One page: the lines of it."""
    title = "-".join(command.path)
    lines = [f'.TH {text(title.upper())} 1 "" "Sealift {version}" "Sealift manual"']
    lines += [".SH NAME", f"{text(title)} \\- {text(command.text.rstrip('.'))}"]
    first, *rest = command.synopsis
    lines += [".SH SYNOPSIS", ".nh", ".ad l", f"\\fB{text(first)}\\fP", *[styled(each) for each in rest], ".ad b", ".hy"]
    if command.paragraphs:
        lines.append(".SH DESCRIPTION")
        for index, paragraph in enumerate(command.paragraphs):
            lines += [".PP"] * (index > 0) + [sentences(paragraph)]
    if command.verbs:
        lines.append(".SH VERBS")
        lines += listed([(each.path[-1], each.text) for each in command.verbs])
    if command.arguments:
        lines.append(".SH OPTIONS")
    for section, arguments in command.sections.items():
        if section and arguments:
            lines.append(f".SS {text(section)}")
        for each in arguments:
            names = ", ".join(f"\\fB{text(name)}\\fP" for name in each.names)
            value = styled(each.value) if each.value else ""
            lines += [".TP", " ".join(filter(None, [names, value])), sentences(" ".join([each.text, *each.notes]))]
    if examples := command.blocks.get("EXAMPLES"):
        lines += [".SH EXAMPLES", ".nf", ".ft CW", *[text(each) for each in examples], ".ft", ".fi"]
    lines += [".SH EXIT STATUS", *listed(executable.exit_codes)]
    lines += [".SH ENVIRONMENT", *listed(sections.of(sections.ENVIRONMENT, executable.name))]
    lines += [".SH FILES", *listed(sections.of(sections.FILES, executable.name))]
    return lines


def pages(commands, version):
    """Names and texts of all pages."""
    for executable in commands:
        family = list(executable.all())
        for command in family:
            others = [each for each in family if each is not command and each.path[:-1] in (command.path, command.path[:-1])]
            others = [executable] * (command is not executable and executable not in others) + others
            others += [each for each in commands if each is not executable]
            lines = page(command, executable, version)
            names = [f"\\fB{text('-'.join(each.path))}\\fP(1)" for each in others]
            lines += [".SH SEE ALSO", ",\n".join(names)]
            yield "-".join(command.path) + ".1", "\n".join(lines) + "\n"
