"""Scores beside the loss of a validation are its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.beside import sided


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["eval_loss", "accuracy"], {"accuracy": "val accuracy"}),
        (["epoch", "Test loss", "acc", "f1"], {"acc": "test acc", "f1": "test f1"}),
        (["loss", "eval_loss", "accuracy"], {}),
        (["train_loss", "accuracy"], {}),
        (["val_loss", "test_loss", "accuracy"], {}),
        (["eval_loss", "train_accuracy", "lr", "time"], {}),
        (["eval_loss", "accuracy", "val accuracy"], {}),
        (["eval_loss", "best accuracy"], {}),
        (["accuracy"], {}),
    ],
)
def test_which_scores_are_validations(names: list[str], others: dict[str, str]) -> None:
    assert sided(dict.fromkeys(names, 0.5)) == others


@pytest.mark.parametrize(
    ("training", "line"),
    [
        ("epoch {e}: train_loss {x}", "epoch {e}: eval_loss {x} accuracy {a}"),
        ("step: {e}, loss: {x}, accuracy: 0.5", "step: {e}, valid_loss: {x}, accuracy: {a}"),
        ("epoch {e}: {{'loss': {x}, 'accuracy': 0.5}}", "epoch {e}: {{'eval_loss': {x}, 'accuracy': {a}}}"),
    ],
)
def test_lines_of_training_and_validation(tmp_path: Path, training: str, line: str) -> None:
    log = tmp_path / "log.txt"
    both = training + "\n" + line + "\n"
    log.write_text("".join(both.format(e=e, x=2 / (e + 1), a=0.6 + e / 100) for e in range(12)))
    [run] = read(str(log))
    assert run.curves["val/accuracy"].value.tolist() == [0.6 + e / 100 for e in range(12)]
    assert len(run.curves["val/loss"]) == len(run.curves["train/loss"]) == 12
