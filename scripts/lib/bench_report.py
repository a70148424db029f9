"""What scripts/bench leaves behind: tables in Markdown, in place between markers, and everything as JSON."""

import datetime
import json
import os
import re
import subprocess
from pathlib import Path

from bench_measure import fail

ROOT = Path(__file__).resolve().parent.parent.parent


def machine():
    model = [line for line in Path("/proc/cpuinfo").read_text().split("\n") if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model[0].partition(": ")[2] if model else os.uname().machine, "cores": os.cpu_count(),
        "memory": memory, "kernel": os.uname().release,
    }


def commit():
    """The tree that was measured, as git names it, or nothing where there is no git."""
    words = ["git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(words, capture_output=True, check=True).stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def circumstances_of(command, runs):
    """What all verbs of one call have in common, told before any of them writes into the tree."""
    return {"command": command, "date": datetime.date.today().isoformat(), "commit": commit(), "machine": machine(),
            "runs": runs}


# ------------------------------------------------------------- Markdown


def circumstances(result):
    told = result["machine"]
    lines = [
        f"`{result['command']}`, {result['date']}"
        + (f", commit {result['commit']}" if result["commit"] else "")
        + f". {told['cores']} × {told['processor']}, {told['memory'] / 2**30:.0f} GiB, Linux {told['kernel']}; "
        f"load average {result['load']:.1f} before. {result['about']}",
    ]
    caches = {row["cache"] for row in result["rows"]}
    said = {
        "cold": "page cache dropped before each" if result["dropped"] else "page cache NOT dropped: that takes root",
        "warm": "warm: what a command reads was read just before",
    }
    told = "; ".join(said[cache] for cache in sorted(caches))
    lines[0] += f" {told[0].upper()}{told[1:]}."
    noise = max((row["others_cpu"] / row["wall"] for row in result["rows"] if row["wall"] > 0.5), default=0)
    if noise > 0.25:
        lines[0] += f" **Others kept up to {noise:.1f} cores busy meanwhile: compare CPU seconds, not wall times.**"
    if result.get("skipped"):
        lines[0] += f" Left out: {'; '.join(result['skipped'])}."
    return lines


def megabytes(row, name):
    values = [row[key] for key in (name, f"server_{name}") if key in row]
    return " + ".join("?" if value is None else f"{value / 1e6:,.0f}" for value in values)


def table(result):
    rows, both = result["rows"], len({row["cache"] for row in result["rows"]}) > 1
    served = any("server_cpu" in row for row in rows)
    head = ["what", *(["cache"] if both else []), "n", "wall s", "range", "user+sys s",
            *([f"{result.get('server', 'server')} CPU s"] if served else []),
            "others' CPU s", "RSS MB", "read MB", "written MB", "disk MB"]
    lines = [line(head), "|" + "---|" * len(head)]
    for row in rows:
        digits = 2 if row["wall"] >= 0.2 else 3
        lines.append(line([
            row["title"], *([row["cache"]] if both else []), row["runs"], f"{row['wall']:.{digits}f}",
            f"{row['wall_min']:.{digits}f} to {row['wall_max']:.{digits}f}", f"{row['cpu']:.{digits}f}",
            *([f"{row['server_cpu']:.1f}" if "server_cpu" in row else "–"] if served else []),
            f"{row['others_cpu']:.1f}", megabytes(row, "rss"), megabytes(row, "read"), megabytes(row, "written"),
            f"{row['disk'] / 1e6:,.0f}" if row["disk"] else "–",
        ]))
    return lines


def line(cells):
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def ratio_table(result):
    ratios = result.get("ratios", [])
    if not ratios:
        return []
    shown = [line([ratio["name"], *("–" if ratio[of] is None else f"{ratio[of]:.2f}" for of in ("wall", "cpu"))])
             for ratio in ratios]
    return ["", "| ratio | wall | CPU |", "|---|---|---|", *shown]


def markdown(result):
    lines = [*circumstances(result), "", *table(result)]
    for text in result.get("notes", []):
        lines += ["", text]
    return "\n".join([*lines, *ratio_table(result), *result.get("more", [])]) + "\n"


# ------------------------------------------------------------- files


def section(verb):
    return re.compile(rf"(<!-- bench:{verb} -->\n).*?(<!-- /bench -->)", re.DOTALL)


def check_markdown(path, verbs):
    """Fails, before hours are spent, when a file has no place for a verb; makes a file that is not there."""
    if not path.exists():
        if not path.parent.is_dir():
            fail(f"there is no folder {path.parent} for {path.name}")
        path.write_text("\n".join(f"## {verb}\n\n<!-- bench:{verb} -->\n<!-- /bench -->\n" for verb in verbs))
    text = path.read_text()
    for verb in verbs:
        if len(section(verb).findall(text)) != 1:
            fail(f"{path} needs the lines '<!-- bench:{verb} -->' and '<!-- /bench -->' once, around a table's place")


def write(path, text):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)


def write_markdown(path, verb, result):
    write(path, section(verb).sub(lambda found: found[1] + markdown(result) + found[2], path.read_text()))


def check_json(path):
    if path.exists():
        read_json(path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)


def read_json(path):
    try:
        known = json.loads(path.read_text())
        if known["schema"] == 1:
            return known
    except (ValueError, KeyError, TypeError):
        pass
    fail(f"{path} is there already and not from scripts/bench; nothing is overwritten")


def write_json(path, verb, result):
    known = read_json(path) if path.exists() else {"schema": 1, "verbs": {}}
    known["verbs"][verb] = result
    write(path, json.dumps(known, indent=1) + "\n")
