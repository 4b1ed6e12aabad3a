"""No public name vanishes without a RENAMED entry. `python tests/test_public_names.py` stores the names of today."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from optcli import parts
from optcli.cli import COMMANDS
from optcli.diagnosis import catalogue

STORED = Path(__file__).parent / "clinic" / "public_names.json"


def keys(schema: Any) -> set[str]:
    """All property names in a JSON Schema, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(keys, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {}))
    return own.union(*(keys(v) for v in schema.values()))


def today() -> dict[str, list[str]]:
    from optcli.commands.schema import schema_of

    names = {f"part.{kind}": list(parts.bundled(kind)) for kind in parts.KINDS}
    names |= {"command": list(COMMANDS), "code": catalogue.codes(), "cause": catalogue.names()}
    names |= {f"{what} key": sorted(keys(schema_of(what))) for what in ("recipe", "diagnosis")}
    return {group: sorted(members) for group, members in names.items()}


def renamed(group: str) -> set[str]:
    if not group.startswith("part."):
        return set()
    return set(import_module(f"optcli.parts.{parts.KINDS[group[5:]]}").RENAMED)


def test_no_public_name_vanished() -> None:
    stored, now = json.loads(STORED.read_text(encoding="utf-8")), today()
    gone = {g: sorted(set(old) - set(now.get(g, [])) - renamed(g)) for g, old in stored.items()}
    assert not {g: names for g, names in gone.items() if names}


def test_new_names_are_stored() -> None:
    assert json.loads(STORED.read_text(encoding="utf-8")) == today(), f"run python {sys.argv[0]} to store the new names"


if __name__ == "__main__":
    STORED.write_text(json.dumps(today(), indent=1) + "\n", encoding="utf-8")
