"""Write the tables of README.md anew from the folders; `--check` only tells whether they are up to date.

python scripts/readme_tables.py [--check]
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

from optcli import parts
from optcli.commands.recipes import summary as about
from optcli.diagnosis import catalogue
from optcli.recipe import bundled
from optcli.run import readers

README = Path(__file__).parents[1] / "README.md"


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


TABLES = {
    "readers": readers_table,
    "parts": parts_table,
    "codes": codes_table,
    "causes": causes_table,
    "recipes": recipes_table,
}


def renewed(text: str) -> str:
    """The README with every block between `<!-- name -->` and `<!-- /name -->` made anew."""
    for name, table in TABLES.items():
        block = f"<!-- {name} -->\n{table()}\n<!-- /{name} -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _, b=block: b, text, flags=re.DOTALL)
    return text


def main() -> int:
    text = README.read_text(encoding="utf-8")
    if renewed(text) == text:
        return 0
    if "--check" in sys.argv:
        print("README.md: tables are out of date; run python scripts/readme_tables.py", file=sys.stderr)
        return 1
    README.write_text(renewed(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
