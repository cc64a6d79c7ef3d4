"""The head of the tables, and the tables as Markdown."""

import json
import pathlib

from harness import rows
from harness.machine import Broken

BEGIN = "<!-- tables: bench/run --markdown writes what follows -->\n"
END = "<!-- tables end -->\n"
FILES = ("results", "arm", "footprint")


def head(about):
    """Where and what: lines of text."""
    lines = [f"machine   {about['cpu']}, {about['cpus']} processors, "
             f"{about['kernel']}, load {about['load']}"]
    if "ours" in about:
        ours = about["ours"]
        lines.append(f"ours      {ours['path']}: {ours['version']}, commit "
                     f"{about['commit']}, {ours['flags']}")
    for name, peer in about.get("peers", {}).items():
        state = peer["missing"]
        state = f"missing: {state}" if state else peer["version"] or "there"
        lines.append(f"{name:9} {state}")
    for name, text in about.get("tools", {}).items():
        lines.append(f"{name:9} {text}")
    return "\n".join(lines)


def one(folder, name):
    path = folder / f"{name}.json"
    if not path.is_file():
        return ""
    about = json.loads(path.read_text(encoding="utf-8"))
    indented = "\n".join(f"    {line}" for line in head(about).splitlines())
    return (
        f"### {about['title']}\n\n{about['when']}: "
        f"{rows.summary(about['rows'])}.\n\n{indented}\n\n"
        f"{rows.markdown(about['rows'])}\n"
    )


def markdown(folder, file):
    text = "".join(one(folder, name) for name in FILES)
    if not text:
        raise Broken(f"no results in {folder}")
    if file == "-":
        print(text, end="")
        return
    path = pathlib.Path(file)
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Broken(f"{file} has no marks for the tables")
    path.write_text(f"{before}{begin}\n{text}{end}{after}", encoding="utf-8")
