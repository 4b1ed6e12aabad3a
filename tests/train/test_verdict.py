"""The last words of a training, and its exit status."""

import re

import pytest

from optcli.exits import Exit
from optcli.train.verdict import _percent, tell


def test_a_healthy_end(run, tmp_path, capsys):
    outcome = run(tmp_path / "r")
    capsys.readouterr()
    assert tell(outcome, "never") == Exit.DONE
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines[0].startswith("finished: 24 steps in ")
    assert "best val/accuracy" in lines[0]
    assert re.fullmatch(r"took: .* MiB \(parameters .*, gradients .*, optimizer .*\); .* samples/s; .*", lines[1])
    assert lines[2].startswith("diagnosis: ")
    assert lines[-1] == f"run: {tmp_path / 'r'}"


def test_findings_count_if_they_are_bad_enough(run, tmp_path, capsys):
    outcome = run(tmp_path / "r", "data.nan_at=7", "monitor.nonfinite=skip")
    assert outcome.diagnosis.worst == "error"
    assert tell(outcome, "never") == Exit.DONE
    assert tell(outcome, "info") == Exit.FINDINGS
    said = capsys.readouterr().err
    worst = outcome.diagnosis.findings[0]
    assert worst.code in said


def test_a_stopped_run_says_how_to_go_on(run, tmp_path, capsys):
    outcome = run(tmp_path / "r r", stop=3)
    assert tell(outcome, "error") == 143
    assert f"optcli train --resume --run-dir '{tmp_path / 'r r'}'" in capsys.readouterr().err


def test_a_terminal_gets_the_curve_of_the_main_finding(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    outcome = run(tmp_path / "r", "data.nan_at=7", "monitor.nonfinite=skip")
    tell(outcome, "never")
    said = capsys.readouterr().err.splitlines()
    assert "train/loss" in said
    assert said.index("train/loss") < next(i for i, line in enumerate(said) if line.startswith("diagnosis: "))
    assert any("NUM301" in line and ("├" in line or "▲" in line) for line in said)
    assert max(len(line) for line in said if str(tmp_path) not in line) <= 60


@pytest.mark.parametrize("level", ["never", "error"])
def test_a_failed_run_says_what_and_where_the_good_weights_are(run, tmp_path, capsys, level):
    outcome = run(tmp_path / "r", "data.nan_at=7")
    assert tell(outcome, level) == Exit.TRAINING_FAILED
    said = capsys.readouterr().err
    assert "error: NUM301 non-finite loss at step" in said
    assert "help: the last good checkpoint is" in said


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "under 0.1%"), (0.0033, "0.3%"), (0.0257, "2.6%"), (0.29, "29%"), (1.04, "104%")]
)
def test_a_small_share_is_not_nothing(share, said):
    assert _percent(share) == said
