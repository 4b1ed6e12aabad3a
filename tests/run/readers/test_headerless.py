"""Numbers without names: which of them is the loss, and when they are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.block import Unreadable
from optcli.run.readers import headerless

Columns = tuple[list[float], ...]


def written(tmp_path: Path, text: str, name: str = "loss.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "column", "steps", "values"),
    [
        ("2.5\n1.5\nnan\n1.0\n", "column 1", [0, 1, 2, 3], [2.5, 1.5, None, 1.0]),
        ("0,2.5\n10,1.5\n20,1.0\n", "column 2", [0, 10, 20], [2.5, 1.5, 1.0]),
        ("\n2.5,2.6\n1.5,1.7\n1.0,1.4\n", "column 1", [0, 1, 2], [2.5, 1.5, 1.0]),
        ("nan\ninf\n1.0\n", "column 1", [0, 1, 2], [None, float("inf"), 1.0]),
        ("2.5e+00 0.1\n1.5e+00 0.2\n1.0e+00 0.3\n", "column 1", [0, 1, 2], [2.5, 1.5, 1.0]),
        ("1\n2\n3\n", "column 1", [0, 1, 2], [1, 2, 3]),
        ("199 100 2.5 0.1\n199 200 1.5 0.2\n199 300 1.0 0.3\n", "column 3", [100, 200, 300], [2.5, 1.5, 1.0]),
        ("0,80,2.5\n0,160,1.5\n1,80,1.0\n1,160,0.5\n", "column 3", [0, 1, 2, 3], [2.5, 1.5, 1.0, 0.5]),
        ("2.5 2.6 7\n1.5 1.7 8\n1.0 1.4 9\n", "column 1", [7, 8, 9], [2.5, 1.5, 1.0]),
        ("3,9\n3,8\n2,7\n", "column 1", [0, 1, 2], [3, 3, 2]),
        ("0\n2.5\n1.5\n1.25\n", "column 1", [0, 1, 2], [2.5, 1.5, 1.25]),
        (",0\n0,2.5\n1,1.5\n2,1.25\n3,1.1\n", "column 2", [0, 1, 2, 3], [2.5, 1.5, 1.25, 1.1]),
        ("0\n2.5\n1.5\n1\n", "column 1", [0, 1, 2, 3], [0, 2.5, 1.5, 1]),
        ("(0, 2.5)\n(1, 1.5)\n(2, 1.0)\n", "column 2", [0, 1, 2], [2.5, 1.5, 1.0]),
    ],
)
def test_the_first_column_that_is_no_step_is_the_loss(tmp_path: Path, text, column, steps, values) -> None:
    (run,) = read(str(written(tmp_path, text)))
    curve = run.curves["train/loss"]
    assert run.roles["train/loss"] == column
    assert curve.step.tolist() == steps
    assert [v if v == v else None for v in curve.value.tolist()] == values
    assert "RUN720" in {note.code for note in run.notes}


def rows(*columns: list[float]) -> str:
    return "".join(",".join(f"{x:.4f}" for x in row) + "\n" for row in zip(*columns, strict=True))


UP, FALL, LOW = [0.5, 0.6, 0.65, 0.7], [2.5, 1.5, 1.2, 1.1], [0.4, 0.3, 0.25, 0.2]
FLAT = [0.9, 1.1, 1.0, 0.95]


@pytest.mark.parametrize(
    ("columns", "lead"),
    [
        ((UP, FALL, LOW, [a + b for a, b in zip(FALL, LOW, strict=True)]), "column 4"),
        ((UP, [a + b + c for a, b, c in zip(FALL, LOW, FLAT, strict=True)], FALL, LOW, FLAT), "column 2"),
        ((UP, FALL), "column 2"),
        ((UP, FLAT), "column 1"),
        ((FLAT, FALL, LOW), "column 1"),
        ((FALL, UP, LOW), "column 1"),
        ((FALL, FALL, [0.0] * 4), "column 1"),
    ],
)
def test_a_sum_goes_before_and_what_falls_before_what_rises(tmp_path: Path, columns: Columns, lead: str) -> None:
    (run,) = read(str(written(tmp_path, rows(*columns))))
    assert run.roles == {"train/loss": lead}


def test_of_several_that_fall_beside_one_that_rises_none_is_picked(tmp_path: Path) -> None:
    path = written(tmp_path, rows(UP, FALL, LOW))
    (run,) = read(str(path))
    assert run.roles == {}
    (note,) = [note for note in run.notes if note.code == "RUN720"]
    assert "--map train/loss=NAME says which" in note.message
    (run,) = read(str(path), mapping={"train/loss": "column 2"})
    assert run.curves["train/loss"].value.tolist() == FALL


def test_the_user_may_name_another(tmp_path: Path) -> None:
    path = written(tmp_path, "0,2.5,9\n10,1.5,8\n20,1.0,7\n")
    (run,) = read(str(path), mapping={"train/loss": "column 3", "val/loss": "column 2"})
    assert run.curves["train/loss"].value.tolist() == [9, 8, 7]
    assert run.curves["val/loss"].value.tolist() == [2.5, 1.5, 1.0]


@pytest.mark.parametrize(
    "text",
    [
        "1 2\n3\n4\n",
        "1\n2\n",
        "1,a\n2,b\n3,c\n",
        ",".join(["1"] * 13) + "\n" * 4,
        "words\n" * 9,
        "[\n1,\n2,\n3,\n4\n]\n",
    ],
)
def test_anything_else_is_not_its_business(text: str) -> None:
    assert headerless.sniff(text.encode(), "loss.csv") == 0


@pytest.mark.parametrize(("name", "found"), [("train_loss.txt", True), ("matrix.txt", False)])
def test_in_a_folder_of_data_its_name_must_speak_for_it(tmp_path: Path, name: str, found: bool) -> None:
    numbers = "2.5\n1.5\n1.0\n"
    written(tmp_path, numbers, name)
    for other in range(4):
        written(tmp_path, numbers, f"data{other}.txt")
    if found:
        assert [run.source for run in read(str(tmp_path))] == [str(tmp_path / name)]
    else:
        with pytest.raises(Unreadable, match="no training log"):
            read(str(tmp_path))


def test_a_heading_is_no_damage(tmp_path: Path) -> None:
    text = "".join(f"epoch {e}\n\n" + "".join(f"{3 / (9 * e + i)}\n" for i in range(9)) for e in (1, 2))
    run = read(str(written(tmp_path, text)))[0]
    assert run.curves["train/loss"].step.tolist() == list(range(18))
    assert {note.code for note in run.notes} == {"RUN710", "RUN720"}
    run = read(str(written(tmp_path, text + "0.5\ufffd\n")))[0]
    assert {note.code for note in run.notes} == {"RUN710", "RUN711", "RUN720"}


def test_a_heading_names_what_is_below(tmp_path: Path) -> None:
    parts = "Generator Losses", "Discriminator Losses"
    text = "".join(f"{part}:\n" + "".join(f"{at}.{i}5\n" for i in range(9)) for at, part in enumerate(parts, 1))
    run = read(str(written(tmp_path, text)))[0]
    assert run.roles == {"train/loss": parts[0], "discriminator/loss": parts[1]}
    assert run.curves["train/loss"].value.tolist() == [float(f"1.{i}5") for i in range(9)]
    assert run.curves["discriminator/loss"].step.tolist() == list(range(9))
    assert not run.notes
