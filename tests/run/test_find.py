"""Which files below a directory are logs."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from optcli.run import find, readers
from optcli.run.assemble import read
from optcli.run.block import Unreadable
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
    assert readers.names()[: len(readers.OFTEN)] == readers.OFTEN
    assert readers.recognize(b"step,loss\n1,0.5\n2,0.4\n", "x")[0] == "csv"
    assert readers.recognize(b"", "x") == ("", 0.0)


def log(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("step,loss\n1,2\n2,1\n")
    return path


def sources(root: Path) -> list[str]:
    return [os.path.relpath(one.source, root) for one in discover(str(root))]


def test_what_is_not_entered(tmp_path: Path) -> None:
    for name in ("a", ".cache", "node_modules", "b/site-packages"):
        log(tmp_path / name / "log.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "away.csv").symlink_to(tmp_path / "a" / "log.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as plug, contextlib.chdir(tmp_path):
        plug.bind("socket.csv")
        assert sources(tmp_path) == ["a/log.csv"]
    assert sources(tmp_path / ".cache") == ["log.csv"]


def test_folders_that_are_closed_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log(tmp_path / "a.csv")
    (tmp_path / "shut").mkdir()
    real = os.scandir

    def scandir(path: str) -> Any:
        if path.endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = discover(str(tmp_path))
    assert [note.message for note in found[0].notes] == [f"1 folders could not be opened, the first {tmp_path}/shut"]


def test_a_folder_of_other_files_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MOST_OTHERS_HERE", 5)
    for i in range(9):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / f"{i}.txt").write_text("a label\n")
    log(tmp_path / "data" / "z.txt")
    log(tmp_path / "run" / "log.csv")
    found = discover(str(tmp_path))
    assert [os.path.relpath(one.source, tmp_path) for one in found] == ["run/log.csv"]
    assert "1 folders with many files that are no logs were left" in found[0].notes[0].message
    monkeypatch.setattr(find, "MOST_OTHERS", 5)
    with pytest.raises(Unreadable, match="no training log in it; after 5 files that are no logs"):
        discover(str(tmp_path))


def test_a_file_that_vanishes_is_no_log() -> None:
    class Gone:
        name = "log.csv"

        def stat(self, follow_symlinks: bool) -> None:
            raise FileNotFoundError

    assert not find._may_be_log(Gone())  # type: ignore[arg-type]


def test_the_rarest_ending_is_looked_at_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "MOST_OTHERS_HERE", 5)
    for number in range(20):
        (tmp_path / f"answer{number}.txt").write_text("yes\n")
    (tmp_path / "log.csv").write_text("step,loss\n1,2\n2,1\n3,0.5\n")
    assert [found.source for found in find.discover(str(tmp_path))] == [str(tmp_path / "log.csv")]


ROWS = {"final": 0.5, "training_history": [{"step": i, "loss": 1 / i} for i in range(1, 9)]}


def test_a_file_alone_in_a_folder_is_what_the_user_means(tmp_path: Path) -> None:
    """What would be read if it were named is read if only its folder is."""
    history = tmp_path / "results.json"
    history.write_text(json.dumps(ROWS))
    (tmp_path / "config.json").write_text('{"model": "mlp"}')
    assert [run.source for run in read(str(tmp_path))] == [str(history)]
    assert [run.source for run in read(str(history))] == [str(history)]


def test_a_file_that_looks_little_like_a_log_is_passed_over_beside_a_log(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(ROWS))
    log(tmp_path / "log.csv")
    assert sources(tmp_path) == ["log.csv"]


def test_among_many_files_only_one_that_looks_like_a_log_is_read(tmp_path: Path) -> None:
    for i in range(find.ALONE + 1):
        (tmp_path / f"{i}.json").write_text(json.dumps(ROWS))
    with pytest.raises(Unreadable, match="no training log"):
        read(str(tmp_path))


def test_a_folder_without_curves_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model": "mlp", "layers": 3}')
    with pytest.raises(Unreadable, match=r"no training log in it; config\.json: a single final metrics dict"):
        read(str(tmp_path))


def test_what_pandas_writes_is_found(tmp_path: Path) -> None:
    rows = "".join(f"| {i} | {9 - i} |\n" for i in range(5))
    (tmp_path / "log.md").write_text(f"| epoch | loss |\n|---|---|\n{rows}")
    (tmp_path / "README.md").write_text(f"# Results\n\n| epoch | loss |\n|---|---|\n{rows}")
    (tmp_path / "MODELS.md").write_text("| model | accuracy |\n|---|---|\n| a | 0.5 |\n| b | 0.7 |\n")
    columns = {name: {str(i): 9 - i for i in range(5)} for name in ("index", "loss")}
    (tmp_path / "log.json").write_text(json.dumps(columns))
    (tmp_path / "other.json").write_text(json.dumps({"index": columns["index"]}))
    assert sources(tmp_path) == ["log.json", "log.md"]
