"""JSON lines of many writers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optcli.run import notes
from optcli.run.assemble import Unreadable, read
from optcli.run.curve import Run


def lines(tmp_path: Path, rows: list[Any], end: str = "\n") -> Run:
    path = tmp_path / "log.txt"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + end)
    return read(str(path))[0]


def test_numbers_in_quotes_count(tmp_path: Path) -> None:
    run = lines(tmp_path, [{"epoch": 1, "train_loss": "9.1"}, {"epoch": 2, "train_loss": "8.5"}])
    assert run.curves["train/loss"].value.tolist() == [9.1, 8.5]


def test_nested_objects_and_lists(tmp_path: Path) -> None:
    run = lines(tmp_path, [{"step": i, "train": {"loss": 0.5}, "val": {"loss": 0.6}, "ap": [1, 2]} for i in range(3)])
    assert set(run.curves) == {"train/loss", "val/loss"}


def test_a_word_that_names_the_split(tmp_path: Path) -> None:
    rows = [{"step": i // 2, "phase": "train" if i % 2 else "val", "loss": i} for i in range(8)]
    run = lines(tmp_path, rows)
    assert run.curves["train/loss"].value.tolist() == [1, 3, 5, 7]
    assert run.curves["val/loss"].value.tolist() == [0, 2, 4, 6]


def test_damaged_lines(tmp_path: Path) -> None:
    run = lines(tmp_path, [{"step": 1, "loss": 1}, '{"step": 2, "lo', {"step": 3, "loss": 3}])
    assert run.curves["train/loss"].step.tolist() == [1, 3]
    assert run.notes[0].code == notes.DAMAGED
    assert "23-38" in run.notes[0].message


def test_the_last_line_counts_when_its_object_is_closed(tmp_path: Path) -> None:
    assert len(lines(tmp_path, [{"step": 1, "loss": 1}, {"step": 2, "loss": 2}], end="").curves["train/loss"]) == 2
    torn = lines(tmp_path, [{"step": 1, "loss": 1}, '{"step": 2, "loss": 2'], end="")
    assert len(torn.curves["train/loss"]) == 1
    assert [note.code for note in torn.notes] == [notes.UNFINISHED]


def test_mmdet_validation_rows_stand_at_the_end_of_their_epoch(tmp_path: Path) -> None:
    rows: list[Any] = [{"env_info": "x" * 300, "seed": 3}]
    for epoch in (1, 2):
        rows += [{"mode": "train", "epoch": epoch, "iter": i, "loss": 1.0, "lr": 0.1} for i in (50, 100)]
        rows += [{"mode": "val", "epoch": epoch, "iter": 5000, "bbox_mAP": 0.2}]
    run = lines(tmp_path, rows)
    assert run.format == "mmdet-json"
    assert run.curves["train/loss"].step.tolist() == [50, 100, 150, 200]
    assert run.curves["val/bbox_map"].step.tolist() == [100, 200]


@pytest.mark.parametrize("counted", [{}, {"epoch": 1}])
def test_mmengine_validation_rows_say_nothing_of_training(tmp_path: Path, counted: dict[str, int]) -> None:
    rows: list[dict[str, Any]] = []
    for i in range(1, 13):
        rows.append({"loss": 1 / i, "data_time": 0.01, "time": 0.5, **counted, "iter": 9 * i, "step": 9 * i})
        rows.append({"accuracy/top1": 50.0 + i, "data_time": 0.4, "time": 0.9, "step": i})
    run = lines(tmp_path, rows)
    assert run.format == "mmengine-json"
    assert run.roles["val/accuracy"] == "val/accuracy/top1"
    assert run.curves["val/accuracy"].step.tolist() == [9 * i for i in range(1, 13)]
    assert set(run.curves["data_time"].value) == {0.01}
    assert set(run.curves["step_time"].value) == {0.5}


def test_a_first_line_of_a_live_log_and_a_result(tmp_path: Path) -> None:
    assert lines(tmp_path, [{"step": 1, "loss": 1.5}]).curves["train/loss"].value.tolist() == [1.5]
    with pytest.raises(Unreadable, match="a single final metrics dict"):
        lines(tmp_path, [{"loss": 1.5, "accuracy": 0.5}])


def test_more_than_a_chunk_with_a_few_strangers(tmp_path: Path) -> None:
    n = 120_000
    rows = [f'{{"step": {i}, "epoch": 0, "loss": {i}.5}}' for i in range(n)]
    rows[n // 2] = f'{{"step": {n // 2}, "epoch": 0, "loss": NaN, "who": "me"}}'
    curve = lines(tmp_path, rows).curves["train/loss"]
    assert curve.step.tolist() == list(range(n))
    assert curve.value[-1] == n - 0.5


def test_the_first_line_of_mmdetection_holds_no_curve(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    log.write_text('{"env_info": "Python 3", "seed": 0}\n{"mode": "train", "ep')
    with pytest.raises(Unreadable):
        read(str(log))


def test_texts_and_rare_kinds_of_rows_are_no_hindrance(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    lines = [
        f'{{"time": "12:00:{i % 60:02}", "note": "x{i}y", "step": {i}, "loss": {1 / (i + 1)!r}}}' for i in range(99)
    ]
    lines[50] = '{"step": 50, "val_loss": 0.5, "best": [1, 2]}'
    lines[60] = '{"step": 60, "lo'
    log.write_text("\n".join(lines) + "\n")
    run = read(str(log))[0]
    assert run.curves["train/loss"].step.tolist() == [i for i in range(99) if i not in (50, 60)]
    assert run.curves["train/loss"].value.tolist() == [1 / (i + 1) for i in range(99) if i not in (50, 60)]
    assert run.curves["val/loss"].value.tolist() == [0.5]
    at = len("\n".join(lines[:60])) + 1
    assert any(f"{at}-{at + len(lines[60])}" in note.message for note in run.notes)


def test_a_word_that_names_the_part_counts_beside_other_texts(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    parts = ["train" if i % 5 else "val" for i in range(60)]
    rows = [f'{{"at": "{i}:00", "phase": "{part}", "step": {i}, "loss": 0.5}}' for i, part in enumerate(parts)]
    log.write_text("\n".join(rows) + "\n")
    run = read(str(log))[0]
    assert run.curves["val/loss"].step.tolist() == list(range(0, 60, 5))
    assert run.curves["train/loss"].step.tolist() == [i for i in range(60) if i % 5]
