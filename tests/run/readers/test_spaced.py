"""Tables whose columns only blanks part, among console output."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run
from optcli.run.readers import fastai, spaced

LOSSES = [round(2 / (k + 1), 4) for k in range(9)]


def table(tmp_path: Path, text: str) -> Run:
    log = tmp_path / "log.txt"
    log.write_text(text)
    return read(str(log))[0]


@pytest.mark.parametrize("bar", ["", "Epoch {e}/9 : |##---| 45.0% [3/7 00:00<00:01 0.5]\rEpoch {e}/9 :      \r"])
def test_fastai(tmp_path: Path, bar: str) -> None:
    header = "\u2588\x08\repoch     train_loss  valid_loss  accuracy  time    \n"
    row = bar + "{e}         {x}    {y}    0.6{e}    00:01     \n"
    run = table(tmp_path, header + "".join(row.format(e=e, x=x, y=x + 1) for e, x in enumerate(LOSSES)))
    assert (run.format, run.axis) == ("spaced-table", "epoch")
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [x + 1 for x in LOSSES]
    assert len(run.curves["val/accuracy"]) == 9


def test_numbers_that_fill_their_columns(tmp_path: Path) -> None:
    rows = "".join(f"{e}         {31991.417969 + e:.6f}{x:.6f}    00:00\n" for e, x in enumerate(LOSSES))
    run = table(tmp_path, "training\nepoch     train_loss  valid_loss  time\n" + rows)
    assert run.curves["train/loss"].value.tolist() == [round(31991.417969 + e, 6) for e in range(9)]
    assert run.curves["val/loss"].value.tolist() == LOSSES


@pytest.mark.parametrize("nan", [0.5, math.nan])
def test_a_frame_and_its_index(tmp_path: Path, nan: float) -> None:
    rows = "".join(f"{k}   some {10 * k}  {x}  ...  {nan}\n" for k, x in enumerate(LOSSES))
    header = "training ...\n    kind  step  train_loss  ...   val_loss\n"
    run = table(tmp_path, header + rows + "\n[9 rows x 7 columns]\n")
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["train/loss"].step.tolist() == [10 * k for k in range(9)]
    assert repr(run.curves["val/loss"].value.tolist()) == repr([nan] * 9)
    assert set(run.curves) == {"train/loss", "val/loss"}


def test_without_steps_the_index_counts(tmp_path: Path) -> None:
    run = table(tmp_path, "   loss  val_loss\n" + "".join(f"{5 * k}  {x} 0.5\n" for k, x in enumerate(LOSSES)))
    assert run.curves["train/loss"].step.tolist() == [5 * k for k in range(9)]


def test_fastai_without_its_bar(tmp_path: Path) -> None:
    row = "[{e}, {x}, {y}, None, 0.5, '00:01']\n"
    run = table(tmp_path, "".join(row.format(e=e, x=x, y=math.nan) for e, x in enumerate(LOSSES)))
    assert (run.format, run.axis) == ("fastai-console", "epoch")
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert len(run.curves["val/loss"]) == 9
    assert set(run.curves) == {"train/loss", "val/loss", "metric 2"}


@pytest.mark.parametrize(
    "text",
    [
        "the loss and accuracy\n1 2 3 4\n",
        "step  loss\n1 0.5\n2 0.4\n",
        "step  value\n" + "1 0.5\n" * 9,
        "step  loss\n" + "1 0.5 0.1 0.2\n" * 9,
        "[1, 2, 3]\n" * 9,
    ],
)
def test_what_is_no_such_table(text: str) -> None:
    assert spaced.sniff(text.encode(), "log.txt") == fastai.sniff(text.encode(), "log.txt") == 0
