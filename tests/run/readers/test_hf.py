"""Hugging Face's trainer state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optcli.run import notes
from optcli.run.assemble import read


def state(path: Path, history: list[dict[str, Any]], **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"epoch": 1.0, "log_history": history, **more}))
    return path


def test_rows_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    history = [
        {"loss": 2.0, "learning_rate": 1e-4, "epoch": 0.5, "step": 10},
        {"eval_loss": 1.5, "eval_accuracy": 0.5, "eval_runtime": 2.0, "epoch": 0.5, "step": 10},
        {"loss": 1.0, "learning_rate": 0.0, "epoch": 1.0, "step": 20},
        {"train_loss": 1.5, "train_runtime": 9.0, "epoch": 1.0, "step": 20},
    ]
    run = read(str(state(tmp_path / "trainer_state.json", history, max_steps=20, global_step=20)))[0]
    assert run.roles == {
        "train/loss": "loss", "val/loss": "eval_loss", "val/accuracy": "eval_accuracy", "lr": "learning_rate",
    }  # fmt: skip
    assert run.curves["train/loss"].value.tolist() == [2.0, 1.0]
    assert (run.planned, run.end) == (20, "finished")


def test_a_hidden_nan_comes_back(tmp_path: Path) -> None:
    nan = float("nan")
    history = [{"loss": 2.0, "grad_norm": 1.0, "step": 1}, {"loss": 0.0, "grad_norm": nan, "step": 2}]
    history += [{"loss": 0.0, "grad_norm": 0.0, "step": 3}]
    run = read(str(state(tmp_path / "trainer_state.json", history)))[0]
    np.testing.assert_array_equal(run.curves["train/loss"].value, [2.0, nan, 0.0])
    assert [note.code for note in run.notes] == [notes.HIDDEN_NONFINITE]


@pytest.mark.parametrize("top", [True, False])
def test_the_newest_copy_counts(tmp_path: Path, top: bool) -> None:
    for n in (50, 100, 1000):
        state(tmp_path / "out" / f"checkpoint-{n}" / "trainer_state.json", [{"loss": 1.0, "step": s} for s in range(n)])
    if top:
        state(tmp_path / "out" / "trainer_state.json", [{"loss": 1.0, "step": s} for s in range(1200)])
    runs = read(str(tmp_path))
    assert [(run.source, len(run.curves["train/loss"])) for run in runs] == [
        (str(tmp_path / "out"), 1200 if top else 1000)
    ]


def test_several_validation_sets(tmp_path: Path) -> None:
    history = [{"loss": 1.0, "step": s} for s in range(5)]
    history += [{"eval_a_loss": 0.5, "step": 4}, {"eval_b_loss": 0.6, "step": 4}]
    run = read(str(state(tmp_path / "trainer_state.json", history)))[0]
    assert run.roles["val/loss"] in ("eval_a_loss", "eval_b_loss")


def test_the_whole_rows_of_a_damaged_document_count(tmp_path: Path) -> None:
    history = [{"loss": 1.0 / s, "step": s} for s in range(1, 30)]
    path = state(tmp_path / "trainer_state.json", history, max_steps=100, stateful={"args": {"loss": 9, "step": 99}})
    whole = path.read_bytes()
    at = whole.index(b'"step": 5}')
    path.write_bytes(whole[:at] + b"\0\xff" + whole[at + 2 :])
    run = read(str(path))[0]
    assert run.curves["train/loss"].step.tolist() == [s for s in range(1, 30) if s != 5]
    assert run.planned == 100
    assert [note.code for note in run.notes] == [notes.DAMAGED]
    begin, end = map(int, run.notes[0].message.rsplit(" ", 1)[1].split("-"))
    assert begin < at < end < at + 20
    path.write_bytes(whole[:at])
    assert read(str(path))[0].curves["train/loss"].step.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(("beside", "role"), [("reward", "policy/loss"), ("rewards/chosen", "train/loss")])
def test_a_policy_that_earns_is_no_loss_that_falls(tmp_path: Path, beside: str, role: str) -> None:
    history = [{"loss": 0.01 * s, beside: 0.5, "step": s} for s in range(9)]
    assert read(str(state(tmp_path / "trainer_state.json", history)))[0].roles[role] == "loss"
