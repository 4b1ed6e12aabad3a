"""The clinic: logs of real trainings made by `scripts/make_clinic.py`, ill ones and healthy traps.

The whole is held to stored figures, so that a rule may lose a case if it gains another; what each rule says today is
in `findings.json`, so that nothing changes unseen.
"""

import csv
import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optcli.diagnosis import catalogue, engine
from optcli.run.assemble import read

HERE = Path(__file__).parent
RUNS = HERE / "runs"
SCRIPTS = HERE.parents[1] / "scripts"
INDEX = list(csv.DictReader((RUNS / "INDEX.csv").read_text(encoding="utf-8").splitlines()))
MACRO_F1 = 0.97
"""Mean F1 over the codes that are to be found."""
ALARMS = 2
"""Healthy logs with a warning that isn't expected."""
LOG_BYTES, ALL_BYTES = 20_000, 400_000


@pytest.fixture(scope="module")
def diff() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPTS / "diff_findings.py"), run_name="diff_findings")


def total() -> Any:
    """The score of the whole; findings of severity `info` count where they are expected."""
    score = runpy.run_path(str(SCRIPTS / "score.py"), run_name="score")["Score"]()
    for row in INDEX:
        codes, also = row["codes"].split(), row["also"].split()
        found = [f for run in read(str(RUNS / row["file"])) for f in engine.diagnose(run).findings]
        found = [replace(f, severity="warning") if f.code in codes else f for f in found]
        score.add({"labels": codes, "also_acceptable": also}, found, {})
    return score


def test_the_clinic_is_diagnosed_as_well_as_before() -> None:
    score = total()
    counted = {code: tally.f1 for code, tally in score.kinds.items() if tally.hit + tally.missed}
    assert score.healthy >= 15
    assert score.alarms <= ALARMS
    assert sum(counted.values()) / len(counted) >= MACRO_F1, {c: f for c, f in counted.items() if f < 1}


def test_every_code_has_a_log_and_every_log_an_entry() -> None:
    assert {code for row in INDEX for code in row["codes"].split()} == set(catalogue.codes())
    assert {row["file"] for row in INDEX} == {f.name for f in RUNS.iterdir()} - {"INDEX.csv"}


def test_logs_are_small() -> None:
    sizes = [f.stat().st_size for f in RUNS.iterdir()]
    assert max(sizes) <= LOG_BYTES
    assert sum(sizes) <= ALL_BYTES


def test_findings_are_those_stored(diff: dict[str, Any]) -> None:
    stored = json.loads((HERE / "findings.json").read_text(encoding="utf-8"))
    changed = list(diff["differences"](stored, diff["collect"](diff["logs"]())))
    assert not changed, "look at `python scripts/diff_findings.py`, then `--store`:\n" + "\n".join(changed)


def test_a_difference_says_what_came_went_and_moved(diff: dict[str, Any]) -> None:
    before = {"a.csv": {"OPT101 warning train/loss": [3.0, 9.0, 0.9], "OPT102 error train/loss": [1.0, 2.0, 0.9]}}
    after = {"a.csv": {"OPT101 warning train/loss": [3.0, 8.0, 0.9]}, "b.csv": {"NUM301 error train/loss": [5.0] * 3}}
    assert list(diff["differences"](before, after)) == [
        "~ a.csv: OPT101 warning train/loss: known 9 -> 8",
        "- a.csv: OPT102 error train/loss at 2",
        "+ b.csv: NUM301 error train/loss at 5",
    ]


def test_storing_makes_the_difference_go_away(
    diff: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log, snapshot = str(RUNS / "nan-row.csv"), str(tmp_path / "findings.json")
    answers = []
    for more in ([], ["--store"], []):
        monkeypatch.setattr(sys, "argv", ["diff_findings", log, "--snapshot", snapshot, *more])
        answers.append((diff["main"](), capsys.readouterr().out[:7]))
    assert answers == [(1, "+ nan-r"), (0, "+ nan-r"), (0, "nothing")]
