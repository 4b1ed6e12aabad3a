"""Spellings of single programs in their consoles."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run

LOSSES = [4.0, 3.0, 2.5, 2.25]


def console(tmp_path: Path, lines: list[str]) -> Run:
    path = tmp_path / "log.txt"
    path.write_text("\n".join(lines) + "\n")
    return read(str(path))[0]


@pytest.mark.parametrize(
    "line",
    [
        "00{i} epoch, 02000 iter, average time 0.6, loss {x}",
        "Pass {i}, Batch 0, Cost {x}",
        "2022-03-09 15:20:28-INFO: iter: {i}, lr: 0.5, 'loss': '{x}', eta: 0:02:34, batch_cost: 0.00039 sec",
        "[Epoch 8 1845/12811][Iteration {i}][Wall Clock 25.7s] Throughput is 424.5 records/second. Loss is {x}. Done.",
        "[ Info: Epoch {i}\nsum(loss.(data, labels)) = {x} (tracked)",
        "Epoch {i} train Loc Loss: 0.1 Cls Loss: 0.2 Tot Loss: {x} Accu :0.5",
    ],
)
def test_the_loss_is_found(tmp_path: Path, line: str) -> None:
    run = console(tmp_path, [line.format(i=i, x=x) for i, x in enumerate(LOSSES, 1)])
    assert run.curves["train/loss"].value.tolist() == LOSSES


def test_what_julia_shows_is_named_by_its_arguments(tmp_path: Path) -> None:
    lines = [
        f"[ Info: Epoch {i}\nloss(train_x, train_y) = {x}f0\nloss(test_x, test_y) = {i}f-2"
        for i, x in enumerate(LOSSES)
    ]
    run = console(tmp_path, lines)
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].value.tolist() == [0.0, 0.01, 0.02, 0.03]


@pytest.mark.parametrize("word", ["NaN", "NaN32"])
def test_a_nan_of_julia_is_one(tmp_path: Path, word: str) -> None:
    lines = [f"[ Info: Epoch {i}\nloss(x, y) = {x}" for i, x in enumerate(("4.0f0", "3.0f0", "2.5f0", word), 1)]
    value = console(tmp_path, lines).curves["train/loss"].value.tolist()
    assert value[:3] == [4.0, 3.0, 2.5]
    assert str(value[3:]) == "[nan]"


def test_losses_of_three_parts_of_the_data(tmp_path: Path) -> None:
    line = "Epoch: {i}, Steps: 22 | Train Loss: {x} Vali Loss: 0.5 Test Loss: 0.25"
    run = console(tmp_path, [line.format(i=i, x=x) for i, x in enumerate(LOSSES, 1)])
    levels = {role: run.curves[role].value.tolist() for role in ("train/loss", "val/loss", "test/loss")}
    assert levels == {"train/loss": LOSSES, "val/loss": [0.5] * 4, "test/loss": [0.25] * 4}


def test_accuracies_of_the_first_and_the_first_three_guesses(tmp_path: Path) -> None:
    pair = [
        "Epoch [{i}][10/35]\tlr: 0.01, loss: {x}",
        "Epoch(val) [{i}][2]\taccuracy_top-1: 22.5, accuracy_top-3: 38.0",
    ]
    run = console(tmp_path, [one.format(i=i, x=x) for i, x in enumerate(LOSSES, 1) for one in pair])
    assert run.curves["val/accuracy"].value.tolist() == [22.5] * 4


@pytest.mark.parametrize("date", ["2025/07/22 00:22:1{i}", "07/22 00:22:1{i}"])
def test_a_date_in_brackets_is_no_step(tmp_path: Path, date: str) -> None:
    """Four lines of one epoch, and one that has nothing but the date."""
    lines = [f"[{date}] ppocr INFO: epoch: [1/10], loss: {{x}}, eta: 4:30:02", f"[{date}] ppocr INFO: save model in 3"]
    run = console(tmp_path, [line.format(i=i, x=x) for i, x in enumerate(LOSSES, 1) for line in lines])
    assert run.roles["train/loss"] == "loss"
    assert run.curves["train/loss"].value.tolist() == LOSSES
