"""Planted faults: the consequence decides, the log shows what the style says."""

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
MODULES = ("setups", "nets", "tasks", "loop", "sk", "figures", "consequence", "logs", "plan", "make")


@pytest.fixture(scope="module")
def plant() -> Iterator[SimpleNamespace]:
    """The modules, under their names only as long as the tests of this file last."""
    sys.path.insert(0, str(SCRIPTS / "plant"))
    yield SimpleNamespace(**{name: import_module(name) for name in MODULES})
    sys.path.remove(str(SCRIPTS / "plant"))
    for name in MODULES:
        del sys.modules[name]


@pytest.fixture(scope="module")
def good(plant: SimpleNamespace) -> Any:
    task = plant.tasks.TASKS["diamonds_huber"]
    return replace(plant.setups.Setup("diamonds_huber", **task.good), steps=120, validations=12)


@pytest.fixture(scope="module")
def out(plant: SimpleNamespace, good: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fault that does harm, one that does none, and a healthy run, written."""
    folder = tmp_path_factory.mktemp("planted")
    case = plant.plan.Case
    for made in (
        case("diamonds_huber", "lr_absurdly_low", ("stuck",), (replace(good, lr=1e-9),), good),
        case("diamonds_huber", "label_noise", ("label_noise",), (replace(good, label_noise=1e-4),), good),
        case("diamonds_huber", "control", (), (good,), good),
    ):
        plant.make.attempt((made, folder))
    return folder


def test_harm_makes_the_label_and_a_claim_without_harm_is_dropped(out: Path) -> None:
    assert {f.parent.name for f in out.glob("*/label.json")} == {
        "diamonds_huber-lr_absurdly_low-0",
        "diamonds_huber-control-0",
    }
    label = json.loads((out / "diamonds_huber-lr_absurdly_low-0" / "label.json").read_text())
    assert (label["labels"], label["healthy"], label["half"]) == (["stuck"], False, "B")
    assert label["evidence"]["train_worse"] > 0.9
    assert json.loads((out / "diamonds_huber-control-0" / "label.json").read_text())["labels"] == []
    assert "no consequence" in (out / "dropped" / "diamonds_huber-label_noise-0").read_text()


def test_the_recipe_shows_no_fault(out: Path) -> None:
    shown = json.loads((out / "diamonds_huber-lr_absurdly_low-0" / "hparams.json").read_text())
    assert shown["lr"] == 1e-9
    assert not {"label_noise", "shuffle", "bad_at", "leak"} & set(shown)


def test_the_score_reads_what_was_planted(out: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "score.py"), str(out), "--map", str(SCRIPTS / "plant" / "codes.csv")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "stuck" in said
    assert "of 1 healthy runs" in said


def test_a_claimed_health_is_doubted(plant: SimpleNamespace, good: Any, out: Path) -> None:
    worse = plant.plan.Case("diamonds_huber", "trap_slow", (), (replace(good, lr=1e-9),), good)
    assert "worse than the control" in plant.make.attempt((worse, out))


def test_a_run_is_the_same_each_time(plant: SimpleNamespace, good: Any) -> None:
    short = replace(good, steps=20)
    assert plant.make.trained(short) == plant.make.trained(short)


def test_logs_are_thinned_and_averaged(plant: SimpleNamespace) -> None:
    rows = [{"step": i, "epoch": i // 4, "train_loss": float(i), "lr": 0.1} for i in range(8)]
    trace = plant.loop.Trace(4, rows, [{"step": 3, "epoch": 0, "val_loss": 9.0}])
    style = plant.logs.Style
    assert plant.logs.written(trace, style(0, "mean", "epoch")) == [
        {"step": 3, "epoch": 0, "train_loss": 1.5},
        {"step": 3, "epoch": 0, "val_loss": 9.0},
        {"step": 7, "epoch": 1, "train_loss": 5.5},
    ]
    assert len(plant.logs.written(trace, style(validate=False))) == 8
    assert plant.logs.written(trace, style(1, "smooth"))[-1]["train_loss"] < 4


def test_a_pattern_of_the_epoch_is_told_from_noise(plant: SimpleNamespace) -> None:
    rng = np.random.default_rng(0)
    wave = np.tile(np.sin(np.arange(20) / 3), 10)
    assert plant.figures.pattern(wave + 0.1 * rng.normal(size=200), 20)[0] > 0.8
    assert abs(plant.figures.pattern(rng.normal(size=200), 20)[0]) < 0.15


def test_every_planted_kind_has_a_claim_and_a_code(plant: SimpleNamespace) -> None:
    kinds = {kind for case in plant.plan.cases() for kind in case.planted}
    with (SCRIPTS / "plant" / "codes.csv").open() as file:
        coded = {kind for row in csv.DictReader(file) for kind in row["label"].split("|")}
    assert kinds == set(plant.consequence.CLAIMS) == set(plant.consequence.NEIGHBOURS)
    assert kinds <= coded


def test_halves_share_no_task_and_both_have_healthy_and_ill_runs(plant: SimpleNamespace) -> None:
    halves: dict[str, set[bool]] = {"A": set(), "B": set()}
    for case in plant.plan.cases():
        halves[plant.tasks.TASKS[case.task].half].add(bool(case.planted))
    assert halves == {"A": {True, False}, "B": {True, False}}
