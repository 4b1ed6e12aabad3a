"""The README's tables say what the folders hold, and its links and commands exist."""

import importlib.util
import re
from pathlib import Path

from optcli.cli import COMMANDS

ROOT = Path(__file__).parents[1]


def test_tables_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("readme_tables", ROOT / "scripts" / "readme_tables.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert module.renewed(text) == text, "run python scripts/readme_tables.py"


def test_commands_named_there_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`|run: |&& )\s*optcli ([a-z]+)", text, flags=re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)
