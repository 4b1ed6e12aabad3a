"""`optcli schema` prints strict JSON to stdout and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from optcli.commands.schema import schema_of


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "optcli", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("what", ["recipe", "diagnosis"])
def test_it_prints_the_schema(what: str) -> None:
    done = run("schema", what)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == schema_of(what)  # type: ignore[arg-type]
    assert json.loads(done.stdout)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_own_parts_are_in_it(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("import optcli\n\n@optcli.loss\ndef my_loss(output, target):\n    return output.sum()\n")
    assert "my_loss" in run("schema", "--import", str(own)).stdout
    own.write_text("raise ValueError('no')\n")
    done = run("schema", "--import", str(own))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{own}:1:1: error: ValueError: no" in done.stderr


def test_another_word_is_a_usage_error() -> None:
    assert run("schema", "curve").returncode == 2
