"""JSON documents of curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optcli.run.assemble import read
from optcli.run.curve import Run


def document(tmp_path: Path, content: Any) -> Run:
    path = tmp_path / "some.json"
    path.write_text(json.dumps(content))
    return read(str(path))[0]


def test_keras_history_with_text_and_null(tmp_path: Path) -> None:
    run = document(tmp_path, {"loss": ["0.5", "nan", None, 0.25], "val_loss": [1, 2, 3, 4], "name": "mlp"})
    np.testing.assert_array_equal(run.curves["train/loss"].value, [0.5, np.nan, np.nan, 0.25])
    assert run.epoch_steps.tolist() == [0, 1, 2, 3]


def test_lists_with_their_own_axis(tmp_path: Path) -> None:
    run = document(tmp_path, {"step": [10, 20, 30], "loss": [3, 2, 1], "val_loss": [5, 4]})
    assert run.curves["train/loss"].step.tolist() == [10, 20, 30]
    assert run.curves["val/loss"].step.tolist() == [0, 1]


@pytest.mark.parametrize("key", ["history", "logs", "results"])
def test_a_wrapped_history(tmp_path: Path, key: str) -> None:
    run = document(tmp_path, {"config": {"lr": 0.1}, key: [{"epoch": i, "train": {"loss": 1.0}} for i in range(5)]})
    assert run.roles == {"train/loss": "train/loss"}


def test_sklearn(tmp_path: Path) -> None:
    run = document(tmp_path, {"loss_curve_": [3, 2, 1], "validation_scores_": [0.1, 0.2, 0.3]})
    assert run.format == "sklearn-json"
    assert run.roles["train/loss"] == "loss_curve_"


def test_a_list_of_rows(tmp_path: Path) -> None:
    run = document(tmp_path, [{"epoch": i, "loss": i / 2} for i in range(4)])
    assert run.curves["train/loss"].value.tolist() == [0, 0.5, 1, 1.5]
