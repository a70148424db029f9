#!/usr/bin/env python3
"""Usage: kill-everywhere.py JOURNAL COMMAND...

Runs COMMAND again and again until it has ended by itself, and kills it with SIGKILL at every boundary of a step that
its journal shows, and once inside each step: as soon as a line is there that was not met before, and a moment after
the begin of a step. Prints a line for each kill, then the status and the output of the run that went through.
"""

import json
import random
import subprocess
import sys
import time


def lines(path: str) -> list[tuple[str, str]]:
    """Event and step of each whole line."""
    try:
        with open(path) as file:
            text = file.read()
    except FileNotFoundError:
        return []
    entries = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
    return [(entry["event"], entry.get("step", "")) for entry in entries]


def run(journal: str, command: list[str], killed: set[tuple[str, str, bool]]) -> int | None:
    """The status; None where it was killed."""
    known = len(lines(journal))
    with open("/tmp/run", "wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    while child.poll() is None:
        new = lines(journal)[known:]
        for event, step in new[-1:]:
            for inside in (False, True) if event == "begun" else (False,):
                if (event, step, inside) in killed:
                    continue
                killed.add((event, step, inside))
                if inside:
                    time.sleep(random.uniform(0.005, 0.3))
                child.kill()
                if child.wait() == -9:
                    print(f"killed {'inside' if inside else event} {step}", flush=True)
                    return None
                return child.returncode
        time.sleep(0.0005)
    return child.returncode


def main() -> int:
    random.seed(7)
    killed: set[tuple[str, str, bool]] = set()
    for _ in range(200):
        status = run(sys.argv[1], sys.argv[2:], killed)
        if status is not None:
            with open("/tmp/run") as output:
                sys.stdout.write(output.read())
            return status
    print("never ended")
    return 1


sys.exit(main())
