"""What is on the tests' own disk, how it came there, and what of it is left when the power goes."""

import os
import random
import shutil
from typing import NamedTuple

PAGE = 4096
ROOT = 1


class Change(NamedTuple):
    """One thing that happened. Folders change by `enter`, `leave`, `rename`; files by `write`, `resize`; both by
    `mode`; `sync` makes what happened to a file or folder before it survive."""

    kind: str
    node: int
    arguments: tuple = ()


class Node:
    def __init__(self, mode: int, is_folder: bool):
        self.mode = mode
        self.data = bytearray()
        self.entries: dict[bytes, int] | None = {} if is_folder else None
        self.links = 0

    def apply(self, change: Change) -> None:
        arguments = change.arguments
        if change.kind == "write":
            offset, content = arguments
            self.resize(max(len(self.data), offset))
            self.data[offset:offset + len(content)] = content
        elif change.kind == "resize":
            self.resize(arguments[0])
        elif change.kind == "mode":
            self.mode = arguments[0]
        elif change.kind == "enter":
            self.entries[arguments[0]] = arguments[1]
        elif change.kind == "leave":
            self.entries.pop(arguments[0], None)
        elif change.kind == "rename":
            old, new, node = arguments
            self.entries.pop(old, None)
            self.entries[new] = node

    def resize(self, size: int) -> None:
        del self.data[size:]
        self.data.extend(bytes(size - len(self.data)))

    def copy(self) -> "Node":
        other = Node(self.mode, self.entries is not None)
        other.data = bytearray(self.data)
        other.entries = None if self.entries is None else dict(self.entries)
        return other


class Content:
    """Files and folders by number. All that they start with is on disk; `changes` is what happened since."""

    def __init__(self):
        self.nodes: dict[int, Node] = {ROOT: Node(0o755, True)}
        self.changes: list[Change] = []
        self.beginning: dict[int, Node] = {}
        self.born: dict[int, int] = {}
        self.used = 0

    def load(self, folder: str, node: int = ROOT) -> None:
        for entry in os.scandir(folder):
            is_folder = entry.is_dir(follow_symlinks=False)
            number = self.make(entry.stat(follow_symlinks=False).st_mode & 0o7777, is_folder)
            self.nodes[node].entries[os.fsencode(entry.name)] = number
            self.nodes[number].links = 1
            if is_folder:
                self.load(entry.path, number)
            else:
                with open(entry.path, "rb") as file:
                    self.nodes[number].data += file.read()
                self.used += len(self.nodes[number].data)

    def begin(self) -> None:
        """From now on what happens is kept."""
        self.beginning = {number: node.copy() for number, node in self.nodes.items()}
        self.changes = []

    def make(self, mode: int, is_folder: bool) -> int:
        number = len(self.nodes) + 1
        self.nodes[number] = Node(mode, is_folder)
        self.born[number] = mode
        return number

    def change(self, kind: str, node: int, *arguments) -> None:
        change = Change(kind, node, arguments)
        self.changes.append(change)
        before = len(self.nodes[node].data)
        self.nodes[node].apply(change)
        self.used += len(self.nodes[node].data) - before

    def after_power_cut(self, moment: int, seed: int) -> "Content":
        """The disk as it may be when the power goes after `moment` changes.

        What was synced is there. Of everything else each page of a file, each change of its length, and each change of
        a folder may be there or not, whatever came before it; only a rename within a folder is all or nothing.
        """
        chance = random.Random(seed)
        shares = [0.0, 1.0, 0.5, chance.random()]
        of_data, of_names = chance.choice(shares), chance.choice(shares)
        left = Content()
        left.nodes = {number: node.copy() for number, node in self.beginning.items()}
        for number in self.nodes:
            if number not in left.nodes:
                left.nodes[number] = Node(self.born[number], self.nodes[number].entries is not None)
        synced = {change.node: at for at, change in enumerate(self.changes[:moment]) if change.kind == "sync"}
        length: dict[int, int] = {}
        for at, change in enumerate(self.changes[:moment]):
            node = left.nodes[change.node]
            if at < synced.get(change.node, -1):
                node.apply(change)
            elif node.entries is not None:
                if chance.random() < of_names:
                    node.apply(change)
            else:
                length[change.node] = _length(change, length.get(change.node, len(node.data)))
                for part in _pages(change):
                    if chance.random() < of_data:
                        node.apply(part)
        for number, size in length.items():
            # The length is kept apart from the bytes: a file may be long and empty.
            if chance.random() < 0.3:
                left.nodes[number].resize(size)
        return left

    def save(self, folder: str, node: int = ROOT) -> None:
        """Makes `folder` hold just this."""
        os.makedirs(folder, exist_ok=True)
        wanted = self.nodes[node].entries
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                if self.is_file(wanted.get(os.fsencode(entry.name))):
                    shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
        for name, number in wanted.items():
            path = os.path.join(folder, os.fsdecode(name))
            if self.is_file(number):
                with open(path, "wb") as file:
                    file.write(self.nodes[number].data)
            else:
                self.save(path, number)
            os.chmod(path, self.nodes[number].mode)

    def is_file(self, number: int | None) -> bool:
        """Whether it is no folder."""
        return number is None or self.nodes[number].entries is None


def _length(change: Change, length: int) -> int:
    if change.kind == "write":
        return max(length, change.arguments[0] + len(change.arguments[1]))
    return change.arguments[0] if change.kind == "resize" else length


def _pages(change: Change) -> list[Change]:
    """A change of a file in the pieces that can be lost."""
    if change.kind != "write":
        return [change]
    offset, content = change.arguments
    cuts = [offset] + list(range(offset - offset % PAGE + PAGE, offset + len(content), PAGE)) + [offset + len(content)]
    return [
        Change("write", change.node, (start, content[start - offset:end - offset]))
        for start, end in zip(cuts, cuts[1:])
    ]
