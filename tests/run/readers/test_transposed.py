"""Tables that lie on their side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.run.assemble import Unreadable, read

ROWS = {"loss": [1.9, 1.2, 0.9, 0.7], "val_loss": [1.7, 1.8, 2.0, 2.1], "val_accuracy": [0.63, 0.63, 0.64, 0.62]}


def table(label: str = "", delimiter: str = ",", steps: tuple[int, ...] = (0, 1, 2, 3)) -> str:
    lines = [[label, *map(str, steps)], *([name, *map(str, values)] for name, values in ROWS.items())]
    return "".join(delimiter.join(line) + "\n" for line in lines)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize(("label", "axis"), [("", "epoch"), ("epoch", "epoch"), ("step", "step")])
def test_a_row_is_a_curve(tmp_path: Path, delimiter: str, label: str, axis: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(table(label, delimiter, (1, 2, 5, 6)))
    run = read(str(path))[0]
    assert (run.format, run.axis) == ("transposed-csv", axis)
    assert run.roles == {"train/loss": "loss", "val/loss": "val_loss", "val/accuracy": "val_accuracy"}
    assert {name: curve.value.tolist() for name, curve in run.curves.items()} == {
        role: ROWS[name] for role, name in run.roles.items()
    }
    assert run.curves["train/loss"].step.tolist() == [1, 2, 5, 6]


def test_an_empty_cell_is_no_point_and_nan_is_one(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(table().replace("val_loss,1.7,1.8", "val_loss,,nan").replace("0.7\n", "-nan(ind)\n"))
    curves = read(str(path))[0].curves
    assert curves["val/loss"].step.tolist() == [1, 2, 3]
    assert np.isnan(curves["val/loss"].value[0])
    assert np.isnan(curves["train/loss"].value[3])


@pytest.mark.parametrize("left", [1, 2, 7])
def test_of_a_row_that_breaks_off_what_is_whole_counts(tmp_path: Path, left: int) -> None:
    path = tmp_path / "history.csv"
    path.write_text(table()[:-left])
    run = read(str(path))[0]
    assert run.curves["val/loss"].value.tolist() == ROWS["val_loss"]
    assert run.curves["val/accuracy"].value.tolist() == ROWS["val_accuracy"][: 3 if left < 6 else 2]
    assert [note.message for note in run.notes] == ["`val_accuracy` lacks its end; its last value is left out"]


def test_a_row_that_lacks_a_cell_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    path.write_text(table().replace(",1.2,", ","))
    run = read(str(path))[0]
    assert set(run.curves) == {"val/loss", "val/accuracy"}
    assert [(note.code, note.message) for note in run.notes] == [("RUN711", "`loss` has 3 cells instead of 4")]


@pytest.mark.parametrize(
    "text",
    [",0,1\nloss,1,2\n", ",0,2,1\nloss,1,2,3\n", ",0,1,2\na,1,2,3\n", "0,1,2,3\nloss,1,2,3\n", ",0,1,2\nloss,a,b,c\n"],
)
def test_anything_else_is_no_such_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(Unreadable):
        read(str(path))


@pytest.mark.parametrize("line", ['a\rb"c\rd\n1', 'loss\r"x", 2\n3'])
def test_a_line_that_is_no_row_is_no_crash(tmp_path: Path, line: str) -> None:
    path = tmp_path / "history.csv"
    path.write_bytes(f"{line}\n{line}\n".encode())
    with pytest.raises(Unreadable):
        read(str(path))
