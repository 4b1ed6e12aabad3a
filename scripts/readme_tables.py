"""Write the tables of README.md anew from the folders; `--check` only tells whether they are up to date.

python scripts/readme_tables.py [--check]
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import statistics
import sys
from pathlib import Path

from optcli import parts
from optcli.commands.recipes import summary as about
from optcli.diagnosis import catalogue
from optcli.recipe import bundled
from optcli.run import readers

README = Path(__file__).parents[1] / "README.md"
RESULTS = Path(__file__).with_name("optimizers.json")
NEVER = 10**9
"""Steps of a run that did not reach its target."""


def summary(doc: str) -> str:
    """First sentence of a docstring, without its full stop, fit for a cell of a table."""
    return doc.strip().split("\n\n")[0].replace("\n", " ").rstrip(".").replace("|", "\\|")


def parts_table() -> str:
    rows = [f"| {kind} | {', '.join(f'`{n}`' for n in parts.bundled(kind))} |" for kind in parts.KINDS]
    return "\n".join(["| kind | names |", "|---|---|", *rows])


def codes_table() -> str:
    rows = []
    for code in catalogue.codes():
        first = summary(catalogue.rule_doc(code))
        rows.append(f"| {code} | {first} |")
    return "\n".join(["| code | what it says |", "|---|---|", *rows])


def causes_table() -> str:
    rows = [f"| `{name}` | {summary(catalogue.cause_doc(name))} |" for name in catalogue.names()]
    return "\n".join(["| cause | what it means |", "|---|---|", *rows])


def recipes_table() -> str:
    rows = []
    for name in bundled.names():
        rows.append(f"| `{name}` | {about(bundled.path(name).read_text(encoding='utf-8'))} |")
    return "\n".join(["| recipe | what it shows |", "|---|---|", *rows])


def readers_table() -> str:
    folder = Path(readers.__file__).parent
    files = [f for f in sorted(folder.glob("*.py")) if not f.stem.startswith("_")]
    rows = [
        f"| {f.stem} | {summary(ast.get_docstring(ast.parse(f.read_text(encoding='utf-8'))) or '')} |" for f in files
    ]
    return "\n".join(["| format | what it reads |", "|---|---|", *rows])


def optimizers_table() -> str:
    """From what `bench_optimizers.py` has measured: steps, and time in units of AdamW's on the same task."""
    tasks = json.loads(RESULTS.read_text(encoding="utf-8"))
    base = {task: _middle(found["adamw"]["steps"]) * found["adamw"]["ms"] for task, found in tasks.items()}
    rows = []
    for name in sorted(tasks["digits"], key=lambda one: sum(_middle(f[one]["steps"]) for f in tasks.values())):
        cells = []
        for task, found in tasks.items():
            one, steps = found[name], _middle(found[name]["steps"])
            time = steps * one["ms"] / base[task]
            cells += [_steps(one["steps"]), f"{time:.2f}" if steps < NEVER else "-", f"{one['rate']:g}"]
        rows.append(f"| {name} | {' | '.join(cells)} | {tasks['chargpt'][name]['state']:.1f} |")
    head = "| optimizer | digits: steps | time | rate | char-GPT: steps | time | rate | state |"
    return "\n".join([head, "|---|---|---|---|---|---|---|---|", *rows])


def _middle(steps: list[int | None]) -> float:
    return statistics.median(NEVER if one is None else one for one in steps)


def _steps(steps: list[int | None]) -> str:
    """Median, and least and most in brackets; how many seeds there are if some did not reach the target."""
    met = [one for one in steps if one is not None]
    if _middle(steps) >= NEVER:
        return "not reached"
    missed = f", {len(steps) - len(met)} of {len(steps)} not" if len(met) < len(steps) else ""
    return f"{_middle(steps):g} ({min(met)} to {max(met)}{missed})"


TABLES = {
    "readers": readers_table,
    "parts": parts_table,
    "codes": codes_table,
    "causes": causes_table,
    "recipes": recipes_table,
    "optimizers": optimizers_table,
}


def renewed(text: str) -> str:
    """The README with every block between `<!-- name -->` and `<!-- /name -->` made anew."""
    for name, table in TABLES.items():
        block = f"<!-- {name} -->\n{table()}\n<!-- /{name} -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, b=block: b, text, flags=re.DOTALL)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a table is out of date")
    check = parser.parse_args().check
    text = README.read_text(encoding="utf-8")
    if renewed(text) == text:
        return 0
    if check:
        print("README.md: tables are out of date; run python scripts/readme_tables.py", file=sys.stderr)
        return 1
    README.write_text(renewed(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
