"""Validation batches among the lines of a training."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.heldout import HeldOut

TRAIN = "Epoch: [{e}][{i}/300]\tTime 0.5 (0.4)\tLoss {x} (2.9)\tPrec@1 {e}.5 (1.0)\n"
TEST = "Test: [{i}/50]\tTime 0.5 (0.4)\tLoss 9.5 ({x})\tPrec@1 1.5 ({x})\n"


def console(tmp_path: Path, last: str, test: str = TEST) -> Run:
    text = ""
    for e in range(4):
        text += "".join(TRAIN.format(e=e, i=i, x=3 - e + i / 1000) for i in range(0, 300, 100))
        text += "".join(test.format(e=e, i=i, x=f"{e}.{i}") for i in range(0, 50, 10)) + last.format(e=e)
    path = tmp_path / "train.log"
    path.write_text(text)
    return read(str(path))[0]


@pytest.mark.parametrize("last", [" * Prec@1 {e}.777 Loss 8.{e}\n", "[01:02] INFO: * Prec@1 {e}.777 loss 8.{e}\n"])
@pytest.mark.parametrize("test", [TEST, TEST.replace("Test:", "Validation: [{e}]")])
def test_their_count_is_no_step_and_their_summary_is_the_value(tmp_path: Path, last: str, test: str) -> None:
    run = console(tmp_path, last, test)
    assert run.curves["train/loss"].step.tolist() == list(range(0, 1200, 100))
    assert run.curves["val/loss"].step.tolist() == [200, 500, 800, 1100]
    assert run.curves["val/accuracy"].value.tolist() == [0.777, 1.777, 2.777, 3.777]
    assert set(run.curves["step_time"].value) == {0.5}
    assert len(run.curves["step_time"]) == 12


def test_what_the_summary_leaves_out_is_the_last_mean(tmp_path: Path) -> None:
    run = console(tmp_path, " * Prec@1 {e}.777\n")
    assert run.curves["val/loss"].value.tolist() == [0.4, 1.4, 2.4, 3.4]
    assert run.curves["val/accuracy"].value.tolist() == [0.777, 1.777, 2.777, 3.777]


def test_without_a_summary_the_next_line_of_training_carries_them(tmp_path: Path) -> None:
    run = console(tmp_path, "\n")
    assert run.curves["val/loss"].step.tolist() == [300, 600, 900]
    assert run.curves["val/loss"].value.tolist() == [0.4, 1.4, 2.4]


@pytest.mark.parametrize("before", ["Epoch: [3]", "latest [3] ", "interval ", "testing the net "])
def test_another_count(before: str) -> None:
    held = HeldOut()
    assert not held.counts(before + "[4/9] loss 0.5", len(before))
    assert not held.taken()
