"""Scoring the diagnosis on a labelled corpus."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from optcli.diagnosis.diagnosis import Finding

SCRIPT = Path(__file__).parents[2] / "scripts" / "score.py"


@pytest.fixture(scope="module")
def score():
    return runpy.run_path(str(SCRIPT), run_name="score")


def found(code: str, at: float, severity: str = "warning") -> Finding:
    return Finding(code, "x", severity, 0.9, "train/loss", at, at, at, "")  # type: ignore[arg-type]


def test_hits_misses_and_false_alarms_are_counted(score) -> None:
    total = score["Score"]()
    kinds = {"OPT101": ["oscillation"], "OPT105": ["plateau", "stuck"], "OPT107": []}
    ill = {"labels": ["oscillation", "nan"], "also_acceptable": ["plateau"], "total_steps": 100, "onset_step": 10}
    total.add(ill, [found("OPT101", 30), found("OPT105", 50), found("OPT107", 99)], kinds)
    total.add({"labels": [], "total_steps": 100}, [found("OPT101", 5)], kinds)
    total.add({"labels": [], "total_steps": 100}, [found("OPT101", 5, "info")], kinds)
    swing = total.kinds["oscillation"]
    assert (swing.hit, swing.false, swing.missed, swing.delays) == (1, 1, 0, [0.2])
    assert (total.kinds["nan"].missed, total.kinds["plateau"].false) == (1, 0)
    assert (total.alarms, total.healthy) == (1, 2)
    assert total.claims == [(0.9, True), (0.9, True), (0.9, False)]


def test_interval_is_wilsons(score) -> None:
    low, high = score["interval"](5, 100)
    assert (low, high) == pytest.approx((0.0215, 0.1118), abs=1e-3)
    assert score["interval"](0, 0) == (0.0, 1.0)


def test_a_folder_of_runs_is_read_and_scored(score, tmp_path, monkeypatch, capsys) -> None:
    for name, value, labels in (("good", 0.2, []), ("bad", np.nan, ["nan"])):
        (tmp_path / name).mkdir()
        rows = [{"step": i, "train_loss": 2 * 0.9**i + 0.2 if i < 30 else value} for i in range(60)]
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (tmp_path / name / "label.json").write_text(json.dumps({"labels": labels, "total_steps": 60, "onset_step": 30}))
    (tmp_path / "map.csv").write_text("code,label\nNUM301,nan\n")
    monkeypatch.setattr("sys.argv", ["score", str(tmp_path), "--map", str(tmp_path / "map.csv"), "--least", "1"])
    assert score["main"]() == 0
    told = capsys.readouterr().out
    assert "false alarms 0 of 1 healthy runs" in told
    assert "macro-F1 1.000 over 1 kinds" in told
