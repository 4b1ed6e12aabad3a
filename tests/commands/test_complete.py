"""What the shell is told to propose."""

import os
import subprocess
import sys

import pytest

from optcli.parts import KINDS
from optcli.recipe import bundled


def proposed(line: str) -> list[str]:
    environ = {
        **os.environ, "_OPTCLI_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-m", "optcli"], env=environ, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("optcli train sick/o", ["sick/oscillating", "sick/overfitting"]),
        ("optcli recipes s", ["show"]),
        ("optcli recipes show fash", ["fashion"]),
        ("optcli explain OPT10", [f"OPT10{n}" for n in range(1, 10)]),
        ("optcli parts optimizer adamw", ["adamw"]),
        ("optcli parts nothing a", []),
        ("optcli parts ", list(KINDS)),
        ("optcli train ", bundled.names()),
    ],
)
def test_proposals(line: str, words: list[str]) -> None:
    assert proposed(line) == words
