"""Scoring the causes on a corpus whose faults were planted."""

import csv
import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from optcli.diagnosis import catalogue

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def score(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(SCRIPTS), *sys.path])
    return runpy.run_path(str(SCRIPTS / "score_causes.py"), run_name="score_causes")


def test_silence_counts_as_wrong(score) -> None:
    share = score["Share"]()
    share.add(["a", "b"], ["b", "c"])
    share.add(["a", "b"], ["c", "a"])
    share.add(["a", "b"], [])
    assert (share.runs, share.named, share.first, share.among) == (3, 2, 1, 2)
    assert share.instead == {"c": 1, "-": 1}


def test_a_folder_of_runs_is_read_and_scored(score, tmp_path, monkeypatch, capsys) -> None:
    noise = 0.02 * np.random.default_rng(0).normal(size=60)
    for name, last, cause in (("good", 0.2, "none"), ("bad", np.nan, "nan_in_data"), ("dull", 0.2, "nan_in_data")):
        (tmp_path / name).mkdir()
        rows = [{"step": i, "train_loss": 2 * 0.9**i + 0.2 + noise[i] if i < 30 else last} for i in range(60)]
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (tmp_path / name / "label.json").write_text(json.dumps({"cause": cause, "task": name}))
    (tmp_path / "map.csv").write_text("planted,cause\nnan_in_data,numerical-instability|bad-batch\nother,\n")
    words = ["score_causes", str(tmp_path), "--map", str(tmp_path / "map.csv"), "--by", "task"]
    monkeypatch.setattr("sys.argv", words)
    assert score["main"]() == 0
    told = capsys.readouterr().out
    assert "right cause first 1 of 2 = 50.0%" in told
    assert "of the 1 runs that got a cause 100.0%" in told
    assert "right cause first 1 of 1 = 100.0%" in told
    assert "good" not in told


def test_nothing_to_count_is_said_by_the_exit_code(score, tmp_path, monkeypatch) -> None:
    (tmp_path / "map.csv").write_text("planted,cause\n")
    monkeypatch.setattr("sys.argv", ["score_causes", str(tmp_path), "--map", str(tmp_path / "map.csv")])
    assert score["main"]() == 5


def test_the_map_beside_the_script_names_causes_that_exist(score) -> None:
    rows = list(csv.DictReader(score["MAP"].read_text(encoding="utf-8").splitlines()))
    assert {name for row in rows for name in row["cause"].split("|") if name} <= set(catalogue.names())
    assert len({row["planted"] for row in rows}) == len(rows) > 20
