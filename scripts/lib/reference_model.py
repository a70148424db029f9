"""The executables' own help, as scripts/reference works with it."""


class Argument:
    """An option, a flag or a positional argument."""

    def __init__(self, dump):
        self.kind = dump["kind"]
        self.text = dump.get("abstract", "")
        self.section = dump.get("sectionTitle")
        self.default = dump.get("defaultValue")
        self.values = dump.get("allValues") or []
        self.is_optional = dump["isOptional"]
        self.is_repeating = dump["isRepeating"]
        self.value_name = dump.get("valueName", "")
        # Short ones first.
        self.names = [
            ("-" if name["kind"] == "short" else "--") + name["name"]
            for name in sorted(dump.get("names", []), key=lambda name: name["kind"] != "short")
        ]

    @property
    def value(self):
        """What stands for its value: None for a flag."""
        return None if self.kind == "flag" else f"<{self.value_name}>"

    @property
    def synopsis(self):
        """As it stands in a command line."""
        if self.kind == "positional":
            text = self.value + (" ..." if self.is_repeating else "")
            return f"[{text}]" if self.is_optional else text
        name = next((name for name in self.names if name.startswith("--")), self.names[0])
        text = name + (f" {self.value}" if self.value else "") + (" ..." if self.is_repeating else "")
        return f"[{text}]" if self.is_optional else text

    @property
    def notes(self):
        """What its text doesn't say: the default, and the values that it takes."""
        notes = []
        if self.values and not all(value in self.text for value in self.values):
            notes.append("One of " + ", ".join(self.values) + ".")
        if self.default:
            notes.append(f"Default: {self.default}.")
        return notes


class Command:
    """An executable, or one of its verbs."""

    def __init__(self, dump, parents=()):
        self.path = [*parents, dump["commandName"]]
        self.text = dump.get("abstract", "")
        self.paragraphs = []
        # Paragraphs of the discussion that begin with a title: their lines by that title.
        self.blocks = {}
        for paragraph in dump.get("discussion", "").split("\n\n"):
            first, _, rest = paragraph.strip("\n").partition("\n")
            if first.isupper() and first.endswith(":"):
                self.blocks[first[:-1]] = [line.strip() for line in rest.split("\n")]
            elif paragraph.strip():
                self.paragraphs.append(paragraph.strip())
        arguments = [Argument(each) for each in dump.get("arguments", []) if each["shouldDisplay"]]
        # Everything has these two; only the executables tell of the version.
        hidden = {"--help"} if not parents else {"--help", "--version"}
        self.arguments = [each for each in arguments if not hidden & set(each.names)]
        self.verbs = [
            Command(each, self.path)
            for each in dump.get("subcommands", [])
            if each["shouldDisplay"] and each["commandName"] != "help"
        ]

    @property
    def name(self):
        return " ".join(self.path)

    @property
    def synopsis(self):
        if self.verbs:
            return [self.name, "<verb>"]
        # What must be there comes first, and what everything takes last.
        common = {"--quiet", "--verbose"}
        order = sorted(self.arguments, key=lambda each: (each.is_optional, bool(common & set(each.names))))
        return [self.name, *[each.synopsis for each in order]]

    @property
    def sections(self):
        """Its arguments by the section that they stand in; those without come first."""
        sections = {None: []}
        for argument in self.arguments:
            sections.setdefault(argument.section, []).append(argument)
        return sections

    def all(self):
        """It and everything below it."""
        yield self
        for verb in self.verbs:
            yield from verb.all()

    @property
    def exit_codes(self):
        """Pairs of code and meaning, as the executable lists them."""
        return [tuple(line.split(None, 1)) for line in self.blocks.get("EXIT STATUS", [])]
