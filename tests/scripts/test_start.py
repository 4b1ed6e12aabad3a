"""`scripts/start` with a stub in place of the environment: what it runs, and how it exits."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
OPTCLI = """#!/bin/sh
echo "$@" >>calls
[ "$1" = diagnose ] && exit "$FOUND"
[ "$2" = misspelt ] && exit 2
mkdir -p runs/deep/1 && ln -sfn 1 runs/deep/latest
[ "$2" = broken ] && exit 3
exit 0
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout of nothing but the scripts, whose environment holds stubs."""
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "scripts").mkdir()
    for name in ("start", "setup.sh", "constraints.txt"):
        shutil.copy(SCRIPTS / name, tmp_path / "scripts")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, text in (("optcli", OPTCLI), ("python", "#!/bin/sh\n")):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return tmp_path


def start(place: Path, *words: str, found: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    bash = shutil.which("bash") or pytest.skip("needs bash")
    known = {**os.environ, "FOUND": str(found), **environ}
    line = [bash, str(place / "scripts" / "start"), *words]
    return subprocess.run(line, env=known, capture_output=True, text=True, check=False, cwd=place)


@pytest.mark.parametrize(
    ("words", "found", "status", "calls"),
    [
        ([], 0, 0, ["train fashion", "diagnose runs/deep/latest"]),
        (["sick/deep", "optimizer.lr=1"], 1, 1, ["train sick/deep optimizer.lr=1", "diagnose runs/deep/latest"]),
        (["broken"], 1, 1, ["train broken", "diagnose runs/deep/latest"]),
        (["misspelt"], 0, 2, ["train misspelt"]),
    ],
)
def test_it_trains_and_diagnoses_and_says_where(
    place: Path, words: list[str], found: int, status: int, calls: list[str]
) -> None:
    done = start(place, *words, found=found)
    assert (done.returncode, (place / "calls").read_text().splitlines()) == (status, calls)
    assert ("the run lies in runs/deep/latest" in done.stdout) == (len(calls) == 2)


def test_without_a_python_it_says_so_and_nothing_else(place: Path) -> None:
    tools = place / "tools"
    tools.mkdir()
    for name in ("dirname", "cat", "cksum"):
        (tools / name).symlink_to(shutil.which(name) or pytest.skip(f"needs {name}"))
    done = start(place, PATH=str(tools), PYTHON="")
    assert done.returncode == 2
    assert done.stderr == "error: optcli needs Python 3.11 or newer on the PATH\n"
