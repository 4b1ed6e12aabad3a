"""Curves in lines without names."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.readers import load

LOSSES = [2.0 / (i + 1) for i in range(40)]


def line(values: list[float], mark: str = ",") -> str:
    return mark.join(map(str, values)) + "\n"


@pytest.mark.parametrize("mark", [",", " ", "\t", ", "])
@pytest.mark.parametrize(("name", "role"), [("train_loss.tsv", "train/loss"), ("val_loss.csv", "val/loss")])
def test_the_first_line_is_the_loss(tmp_path: Path, mark: str, name: str, role: str) -> None:
    path = tmp_path / name
    path.write_text(line(LOSSES, mark) + line([9.0] * 40, mark))
    run = read(str(path))[0]
    assert run.format == "bare-rows"
    assert run.roles == {role: "line 1"}
    assert run.curves[role].value.tolist() == LOSSES
    assert run.curves[role].step.tolist() == list(range(40))
    assert [note.code for note in run.notes] == ["RUN720"]


def test_half_a_number_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    path.write_text(line(LOSSES)[:-4])
    assert read(str(path))[0].curves["train/loss"].value.tolist() == LOSSES[:-1]


def test_a_line_longer_than_what_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "loss.csv"
    path.write_text(line(LOSSES * 250))
    assert len(read(str(path))[0].curves["train/loss"]) == 10_000


@pytest.mark.parametrize(
    "text",
    [line(LOSSES[:12]), line(LOSSES) * 9, "a," + line(LOSSES), line(LOSSES) + "end of the training\n", ""],
)
def test_other_texts(text: str) -> None:
    assert load("bare_rows").sniff(text.encode(), "loss.csv") == 0.0


def test_a_file_of_another_name_is_hardly_a_log() -> None:
    assert 0 < load("bare_rows").sniff(line(LOSSES).encode(), "weights.csv") < 0.1
