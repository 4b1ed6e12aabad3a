"""Consoles that count nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from optcli.run.assemble import Unreadable, read

LOSSES = [0.118, 0.083, 0.097, 0.103, 0.106, 0.099, 0.091, 0.122]


@pytest.mark.parametrize(
    "line", ["[2022-02-08 08:52:41,978] cur_loss: {x:.3f}\n", "INFO:root:loss = {x:.3f}, lr = 0.1\n"]
)
def test_lines_are_counted_and_it_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "log.txt"
    path.write_text("some line\n".join(line.format(x=x) for x in LOSSES))
    run = read(str(path))[0]
    assert run.format == "uncounted-console"
    assert run.axis == "row"
    assert run.curves["train/loss"].step.tolist() == list(range(8))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert [note.code for note in run.notes] == ["RUN710"]


def test_a_few_lines_or_as_many_names_are_no_log(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    for text in (
        "loss: 0.5\n" * 7,
        "- loss: 0.5\n" * 9,
        "".join(f"loss of part{i} = 0.5\npart{i}_loss: 0.4\n" for i in range(20)),
    ):
        path.write_text(text)
        with pytest.raises(Unreadable):
            read(str(path))


def test_only_where_the_user_names_it(tmp_path: Path) -> None:
    for name in ("a.txt", *(f"{i}.log" for i in range(9))):
        (tmp_path / name).write_text("loss: 0.5\n" * 9)
    with pytest.raises(Unreadable):
        read(str(tmp_path))
    assert read(str(tmp_path / "a.txt"))


@pytest.mark.parametrize("lead", ["", "Losses ", "Loss: "])
def test_the_losses_of_spacys_loop(tmp_path: Path, lead: str) -> None:
    path = tmp_path / "log.txt"
    path.write_text("Created blank 'en' model\n" + "".join(f"{lead}{{'ner': {x}}}\n" for x in LOSSES))
    run = read(str(path))[0]
    assert (run.format, run.roles, run.axis) == ("uncounted-console", {"train/loss": "ner"}, "row")
    assert run.curves["train/loss"].value.tolist() == LOSSES


def test_a_dict_of_something_else_or_too_few_are_no_log(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    for text in ("{'count': 3.5}\n" * 9, "{'ner': 3.5}\n" * 7, "{'ner': 3.5, 'size': 2}\n" * 9):
        path.write_text(text)
        with pytest.raises(Unreadable):
            read(str(path))


def test_of_many_names_a_few_lines_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    line = "grad_norm: {x}  loss: {x}  loss_cls: {x}  loss_bbox: {x}\n"
    path.write_text("".join(line.format(x=x) for x in ("20.5", "6.2", "7.3", "nan")))
    (run,) = read(str(path))
    np.testing.assert_array_equal(run.curves["train/loss"].value, [20.5, 6.2, 7.3, np.nan])
    path.write_text("".join(line.format(x=x) for x in ("20.5", "6.2", "7.3")))
    with pytest.raises(Unreadable):
        read(str(path))
