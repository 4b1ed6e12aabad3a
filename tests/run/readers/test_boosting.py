"""Consoles of gradient boosting, as they are pasted and exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run

LOSSES = [0.9, 0.7, 0.6, 0.5, 0.45, 0.42]


def console(tmp_path: Path, text: str) -> Run:
    path = tmp_path / "out.txt"
    path.write_text(text)
    return read(str(path))[0]


@pytest.mark.parametrize("mark", ["    ", "# ", "> ", "\t", "  # "])
@pytest.mark.parametrize(
    "line", ["[{i}]\ttrain-rmse:{x}\tval-rmse:{x}\n", "{i}:\tlearn: {x}\ttest: {x}\tbest: {x} (0)\ttotal: 1s\n"]
)
def test_indented_and_quoted_output(tmp_path: Path, mark: str, line: str) -> None:
    run = console(tmp_path, mark + "A heading\n" + "".join(mark + line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.format == "boosting-console"
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/loss"].step.tolist() == list(range(6))


@pytest.mark.parametrize("stop", ["Stopping. Best iteration:", "Early stopping, best iteration is:"])
def test_the_best_round_is_told_again(tmp_path: Path, stop: str) -> None:
    line = "[{i}]\ttrain-rmse:{x}\tval-rmse:{x}\n"
    text = "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES))
    run = console(tmp_path, text + f"{stop}\n" + line.format(i=2, x=0.6))
    assert not run.notes
    assert run.curves["val/loss"].value.tolist() == LOSSES


def test_the_best_round_may_be_one_that_was_not_told(tmp_path: Path) -> None:
    line = "[{i}]\ttraining's l2: {x}\tvalid_1's l2: {x}\n"
    text = "".join(line.format(i=10 * i, x=x) for i, x in enumerate(LOSSES))
    run = console(tmp_path, text + "Early stopping, best iteration is:\n" + line.format(i=57, x=0.3))
    assert run.curves["val/loss"].value.tolist() == [*LOSSES, 0.3]


def test_after_a_word_on_the_best_round_training_may_begin_again(tmp_path: Path) -> None:
    line = "[{i}]\ttrain-rmse:{x}\tval-rmse:{x}\n"
    text = "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES))
    run = console(tmp_path, text + "Stopping. Best iteration:\nnone\n" + text.replace("0.9", "0.8"))
    assert run.notes
    assert run.curves["val/loss"].value[0] == 0.8


@pytest.mark.parametrize(
    ("head", "train", "held"),
    [
        ("", "0", "1"),
        ("Will train until validation_1-auc hasn't improved in 9 rounds.\n", "0", "1"),
        ("Will train until validation_0-auc hasn't improved in 9 rounds.\n", None, "0"),
    ],
)
def test_the_first_of_unnamed_sets_is_the_training_set(tmp_path: Path, head: str, train: str | None, held: str) -> None:
    line = "[{i}]\tvalidation_0-rmse:{x}\tvalidation_1-rmse:{x}\n"
    run = console(tmp_path, head + "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.roles.get("train/loss") == (train and f"validation_{train}/rmse")
    assert run.roles["val/loss"] == f"validation_{held}/rmse"


def test_sets_of_a_training_that_names_its_training_set_are_all_held_out(tmp_path: Path) -> None:
    line = "[{i}]\ttrain-rmse:{x}\tvalidation_0-rmse:{x}\tvalidation_1-rmse:{x}\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.roles == {"train/loss": "train/rmse", "val/loss": "validation_1/rmse"}


def test_values_with_a_blank_before_them_and_plain_names(tmp_path: Path) -> None:
    line = "[{i}]     loss:{x}   train-auc: 0.5     eval-auc: 0.6\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.curves["train/loss"].value.tolist() == LOSSES
    assert run.curves["val/auc"].value.tolist() == [0.6] * 6


def test_the_metric_of_lightgbm_is_no_curve_of_its_own(tmp_path: Path) -> None:
    line = "[{i}]\tvalid_0's auc: 0.8\tvalid_0's binary_logloss: {x}\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x) for i, x in enumerate(LOSSES)))
    assert run.roles == {"val/auc": "valid_0/auc", "val/loss": "valid_0/binary_logloss"}


@pytest.mark.parametrize("metric", ["rmspe", "rmsle", "mape"])
def test_errors_of_regressions_stand_for_the_loss(tmp_path: Path, metric: str) -> None:
    line = "[{i}]\ttrain-{m}:{x}\teval-{m}:{x}\n"
    run = console(tmp_path, "".join(line.format(i=i, x=x, m=metric) for i, x in enumerate(LOSSES)))
    assert set(run.roles) == {"train/loss", "val/loss"}
