"""Rows of a table and the rounds that measure them: all in turn, then all in turn again the other way round."""

import contextlib
import os
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench_measure import drop_page_cache, fill_page_cache, fresh, measure, say


@dataclass
class Row:
    """One command that is measured."""

    key: str
    title: str
    kind: str  # ours, peer or limit
    command: list
    disk: Path | None = None  # the folder whose size counts
    empties: list = field(default_factory=list)  # folders that are emptied before
    reads: list = field(default_factory=list)  # what is in the page cache when that is warm
    once: bool = False  # in the first round only
    check: object = None  # called afterwards, fails if the work was not done


@dataclass
class Group:
    """Rows that run in order, one on what the other has left; around them a server, if they need one."""

    rows: object  # given the server, the rows
    server: object = contextlib.nullcontext  # opens the server
    rounds: int | None = None  # at most so many
    modes: list | None = None  # others than the rest

    @staticmethod
    def of(row, server=None, modes=None):
        return Group(lambda _: [row], lambda: contextlib.nullcontext(server), modes=modes)


SLOW = 20  # seconds; "all" gives a group that took longer two rounds


def measure_rounds(groups, options, modes, log, runs=None):
    """(key, mode) -> row and samples, in the order of the groups; and whether the page cache was dropped where it was
    to be."""
    taken, dropped, spent = {}, True, {}
    for number in range(runs or options.runs):
        due = [group for group in groups if group.rounds is None or number < group.rounds]
        if options.brief and number > 1:
            due = [group for group in due if spent[id(group)] < SLOW]
        for mode in ("cold", "warm"):
            fitting = [group for group in due if mode in (group.modes or modes)]
            for group in fitting if number % 2 == 0 else reversed(fitting):
                start = time.monotonic()
                with group.server() as server:
                    for row in group.rows(server):
                        if row.once and number:
                            continue
                        dropped = take(row, mode, number, server, taken, log) and dropped
                spent[id(group)] = time.monotonic() - start
    keys = list(dict.fromkeys(key for key, _ in taken))  # the first round went in the order of the groups
    both = ("cold", "warm")
    return {(key, mode): taken[key, mode] for key in keys for mode in both if (key, mode) in taken}, dropped


def take(row, mode, number, server, taken, log):
    """Measures a row once; whether the page cache was as cold as it should be."""
    for folder in row.empties:
        fresh(folder)
    dropped = True
    if mode == "cold":
        dropped = drop_page_cache()
    else:
        os.sync()  # what the row before has left to write is not this one's work
        fill_page_cache(row.reads)
    print(f"--- {time.strftime('%T')} round {number + 1}, {mode}: {row.title}", file=log, flush=True)
    sample = measure(row.command, log, server, row.disk)
    taken.setdefault((row.key, mode), (row, []))[1].append(sample)
    say(f"round {number + 1}, {mode}: {row.title}: {sample['wall']:.2f} s, {sample['cpu']:.2f} CPU s")
    if row.check:
        row.check()
    for folder in row.empties:  # what is looked at is looked at in row.check; space is dear
        fresh(folder)
    return dropped


def median_of(values):
    """Also of what could not be measured: None."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def summarise(taken):
    """One entry a row: medians of every field, the spread of the wall time, all samples."""
    rows = []
    for (key, mode), (row, samples) in taken.items():
        walls = [sample["wall"] for sample in samples]
        rows.append({
            "key": key, "title": row.title, "kind": row.kind, "cache": mode, "runs": len(samples),
            **{name: median_of(sample[name] for sample in samples) for name in samples[0]},
            "wall_min": min(walls), "wall_max": max(walls), "samples": samples,
        })
    return rows


class Ratios:
    """Quotients of rows, of the wall time and of the CPU time of all that worked; rows that are not there, none."""

    def __init__(self, rows):
        cache = "cold" if any(row["cache"] == "cold" for row in rows) else "warm"
        self.rows = {row["key"]: row for row in rows if row["cache"] == cache}
        self.made = []

    def __contains__(self, key):
        return key in self.rows

    def wall(self, key):
        return self.rows[key]["wall"]

    def cpu(self, key):
        return self.rows[key]["cpu"] + self.rows[key].get("server_cpu", 0)

    def add(self, name, above, below):
        """Each a key, or a pair of seconds, wall and CPU."""
        pairs = []
        for part in (above, below):
            if isinstance(part, str):
                if part not in self.rows:
                    return
                part = (self.wall(part), self.cpu(part))
            pairs.append(part)
        quotient = [over / under if over is not None and under else None for over, under in zip(*pairs)]
        self.made.append({"name": name, "wall": quotient[0], "cpu": quotient[1]})
