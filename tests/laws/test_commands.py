"""Every command: its help is as stored (run as a script, this file stores it), and nothing heavy is loaded."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from optcli.cli import COMMANDS

SCREENS = Path(__file__).parents[1] / "clinic" / "screens"
HEAVY = {"torch", "tensorboard", "matplotlib", "pandas", "scipy", "sklearn", "rich", "google"}
PRESENT = [name for name in COMMANDS if find_spec(f"optcli.commands.{name}")]
HEAVY_IN_NUMPY = {"numpy.ma", "numpy.random", "numpy.fft", "numpy.polynomial"}
"""A tenth of the time that `diagnose` has: `numpy.median` alone loads the first."""
LIGHT = {
    "--help": {"typer", "numpy", "pydantic", "yaml"},
    "--version": {"typer", "numpy", "pydantic", "yaml"},
    "nothing": {"typer", "numpy", "pydantic", "yaml"},
    "diagnose log.csv": {"pydantic", "yaml"},
    "diagnose log.csv --format html --output out.html": {"pydantic", "yaml"},
    "diagnose none.csv": {"pydantic", "yaml"},
    "explain OPT101": {"pydantic", "yaml"},
    "explain --all": {"pydantic", "yaml"},
    "watch log.csv --once": {"pydantic", "yaml"},
}
"""Command line -> what it must not load besides `HEAVY`."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("law")
    rows = "".join(f"{step},{2 / (1 + step):.4f},{2.1 / (1 + step):.4f}\n" for step in range(1, 60))
    (folder / "log.csv").write_text("step,loss,val_loss\n" + rows)
    return folder


def loaded(words: list[str], place: Path) -> set[str]:
    """Top-level modules, and the dear ones in numpy, after the command has run in a fresh process."""
    code = (
        "import atexit, json, sys\n"
        f"dear = {HEAVY_IN_NUMPY}\n"
        "names = lambda: sorted({name if name in dear else name.partition('.')[0] for name in sys.modules})\n"
        "atexit.register(lambda: print(json.dumps(names()), file=sys.stderr))\n"
        "from optcli.cli import main\n"
        f"main({words!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=place)
    assert done.returncode in (0, 1, 2), done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("line", LIGHT)
def test_nothing_heavy_is_loaded(line: str, place: Path) -> None:
    generators = set() if line.startswith("explain") else HEAVY_IN_NUMPY  # an example may be made of random numbers
    assert not loaded(line.split(), place) & (HEAVY | LIGHT[line] | generators)


@pytest.mark.parametrize("name", PRESENT)
def test_help_of_every_command_loads_nothing_heavy_and_is_as_stored(name: str, place: Path) -> None:
    environ = {**os.environ, "COLUMNS": "100"}
    words = [sys.executable, "-X", "importtime", "-m", "optcli", name, "--help"]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True, cwd=place)
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert not modules & (HEAVY | {"numpy", "pydantic"})
    assert done.stdout == (SCREENS / f"help-{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":  # store the help texts of today
    for name in PRESENT:
        environ = {**os.environ, "COLUMNS": "100"}
        words = [sys.executable, "-m", "optcli", name, "--help"]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
        (SCREENS / f"help-{name}.txt").write_text(done.stdout, encoding="utf-8")
