"""A small sample of scripts/crash.py: trainings that are really killed, and compared with one that is not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "crash.py"


def campaign(*words: str, limit: float = 300.0) -> str:
    command = [sys.executable, str(SCRIPT), *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_killed_runs_resume_exactly_and_signals_lose_no_step() -> None:
    said = campaign("kill", "term", "--times", "1", "--seed", "1")
    assert said.count("0 wrong") == 2
    assert "struck" in said


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_what_a_checkpoint_needs_is_durable_before_it_has_its_name() -> None:
    assert "0 wrong" in campaign("order")


@pytest.mark.campaign
@pytest.mark.parametrize("name", ["kill", "term", "place", "disk", "sweep"])
def test_campaign(name: str) -> None:
    campaign(name, "--times", "40", limit=7200.0)
