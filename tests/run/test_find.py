"""Which files below a directory are logs."""

from __future__ import annotations

from pathlib import Path

from optcli.run import readers
from optcli.run.find import discover, walk


def test_files_of_one_run_come_together(tmp_path: Path) -> None:
    for name in ("loss", "val/loss"):
        path = tmp_path / "live" / "plots" / "metrics" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("step\tloss\n1\t2\n2\t1\n")
    (tmp_path / "script.py").write_text("loss = 1\n")
    found = discover(str(tmp_path))
    assert [one.source for one in found] == [str(tmp_path / "live")]
    assert [name for _, name in found[0].files] == ["plots/metrics/loss.tsv", "plots/metrics/val/loss.tsv"]


def test_what_the_user_names_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "out" / "checkpoint-9" / "trainer_state.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"log_history": [{"loss": 1.0, "step": 1}]}')
    for typed in (path, path.parent, tmp_path / "out"):
        assert [one.source for one in discover(str(typed))] == [str(typed)]


def test_walking_does_not_enter_our_run_directories(tmp_path: Path) -> None:
    (tmp_path / "run" / "tensorboard").mkdir(parents=True)
    (tmp_path / "run" / "journal.jsonl").write_text("{}\n")
    told: list[str] = []
    assert [folder for folder, _ in walk(str(tmp_path), told)] == [str(tmp_path), str(tmp_path / "run")]
    assert told == []


def test_the_likely_readers_are_asked_first() -> None:
    assert readers.names()[:4] == readers.OFTEN
    assert readers.recognize(b"step,loss\n1,0.5\n2,0.4\n", "x")[0] == "csv"
    assert readers.recognize(b"", "x") == ("", 0.0)
