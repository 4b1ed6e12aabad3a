"""YOLO's `results.txt` without names."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run import notes
from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.curve import Run
from optcli.run.readers import yolo

LINE = "{:>10}{:>10}" + "{:>10.4g}" * 13


def log(tmp_path: Path, rows: int, validated: range | None = None, tail: str = "") -> Run:
    """So many epochs of 50; nothing but zeros of those that weren't `validated`."""
    lines = []
    for e in range(rows):
        found = (0.9, 0.8, 0.5, 0.3, 0.08 / (e + 1), 0.02, 0.01) if e in (validated or range(rows)) else (0.0,) * 7
        parts = 0.08 / (e + 1), 0.03, 0.01
        lines.append(LINE.format(f"{e}/49", f"{7 + e}.5G", *parts, sum(parts), 97, 640, *found) + "\n")
    path = tmp_path / "results.txt"
    path.write_text("".join(lines) + tail)
    return read(str(path))[0]


def test_columns_are_known_by_their_place(tmp_path: Path) -> None:
    run = log(tmp_path, 4)
    assert (run.format, run.axis, run.planned) == ("yolo-results", "epoch", 50)
    assert run.curves["train/loss"].step.tolist() == [0, 1, 2, 3]
    assert run.curves["train/loss"].value.tolist() == pytest.approx([0.12, 0.08, 0.06667, 0.06])
    assert run.curves["val/box"].value.tolist() == [0.08, 0.04, 0.02667, 0.02]
    assert run.curves["memory"].value.tolist() == [7.5, 8.5, 9.5, 10.5]
    assert run.curves["metrics/mAP_0.5:0.95"].value.tolist() == [0.3] * 4
    assert run.roles["val/map"] == "metrics/mAP_0.5"
    assert "val/loss" not in run.roles
    assert run.notes == ()


def test_zeros_were_never_measured(tmp_path: Path) -> None:
    run = log(tmp_path, 9, validated=range(8, 9))
    assert run.curves["val/map"].step.tolist() == [8]
    assert notes.NOT_MEASURED in {note.code for note in run.notes}


def test_a_line_that_is_torn_waits_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    run = log(tmp_path, 4, tail="    4/49  12.9G  0.05\n      5/49   12.9G   0.05")
    assert len(run.curves["train/loss"]) == 4
    assert [note.code for note in run.notes] == [notes.UNFINISHED, notes.DAMAGED]


def test_the_bars_of_its_console_are_not_this(tmp_path: Path) -> None:
    bar = "   0/99   7.27G   0.07323  0.1057  0.05386  0.2328   132   640: 100%|####| 9/9 [00:01<00:00]\n"
    assert yolo.sniff(bar.encode() * 5, "results.txt") == 0


def test_a_row_of_digits_without_points_is_no_riddle(tmp_path):
    """Each could be cut in two in six ways, and thirteen of them in 6 ** 13."""
    path = tmp_path / "results.txt"
    path.write_text("      0/29     186G   " + "   ".join(["009854"] * 12) + "   x\n" * 40)
    with pytest.raises(Unreadable):
        list(read(str(path)))
