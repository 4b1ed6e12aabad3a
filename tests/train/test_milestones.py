"""Between steps: bad steps, goals, stops, and what is saved when."""

import errno
import json
import math

import pytest
import torch

from optcli.exits import Exit, Failure
from optcli.train import milestones
from optcli.train.checkpoint import Checkpoints
from optcli.train.evaluate import Evaluator

LATE = ("train.eval_every=6", "train.checkpoint_every=4")


@pytest.fixture
def poison(monkeypatch):
    """`poison(5)`: the inputs of step 5 (of all later calls of it too, if `always`) are NaN."""

    def arrange(at, always=True):
        from optcli.train.update import Update

        plain, calls = Update.__call__, []

        def call(self, step, batches, factor):
            if step + 1 == at and (always or not calls):
                calls.append(step)
                batches = [(x * float("nan"), y) for x, y in batches]
            plain(self, step, batches, factor)

        monkeypatch.setattr(Update, "__call__", call)

    return arrange


def finite(folder):
    state = Checkpoints(folder / "checkpoints").load().state_dicts
    return all(torch.isfinite(t).all() for t in state["model"].values() if t.is_floating_point())


@pytest.mark.parametrize("at", [1, 5, 12, 24])
def test_a_bad_step_stops_the_run_with_its_story(run, journal, poison, tmp_path, at):
    poison(at)
    outcome = run(tmp_path / "r", *LATE)
    assert (outcome.ending.status, outcome.ending.code) == ("failed", Exit.TRAINING_FAILED)
    assert f"NUM301 non-finite loss at step {at}:" in outcome.ending.reason
    saved = max(Checkpoints(tmp_path / "r" / "checkpoints").steps())
    assert outcome.ending.help.endswith(f"step-{saved}")
    records = journal(tmp_path / "r")
    last = [r for r in records if "train/loss" in r][-1]
    assert (last["step"], last["train/loss"], last["nonfinite"]["train/loss"]) == (at, None, "nan")
    assert [r["step"] for r in records if r.get("code") == "NUM301"] == [at]
    [told] = [r for r in records if r.get("event") == "nonfinite"]
    assert len(told["samples"]) == 8
    assert finite(tmp_path / "r")
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["status"] == "failed"


def test_a_sample_that_is_nan_is_named(run, tmp_path):
    outcome = run(tmp_path / "r", "data.nan_at=7")
    assert "the input of 1 of the batch's samples" in outcome.ending.reason
    records = [json.loads(line) for line in (tmp_path / "r" / "journal.jsonl").read_text().splitlines()]
    [told] = [r for r in records if r.get("event") == "nonfinite"]
    assert (told["first_bad"], 7 in told["samples"]) == ("input", True)


def test_bad_steps_can_be_skipped(run, journal, poison, tmp_path):
    poison(5)
    outcome = run(tmp_path / "r", "monitor.nonfinite=skip", *LATE)
    assert outcome.ending.status == "finished"
    rows = {r["step"]: r for r in journal(tmp_path / "r") if "train/loss" in r}
    assert sorted(rows) == list(range(1, 25))
    assert rows[5]["skipped_steps"] == 1
    assert math.isfinite(rows[6]["train/loss"])
    assert finite(tmp_path / "r")


def test_too_many_skipped_steps_end_the_run(run, monkeypatch, tmp_path):
    monkeypatch.setattr(milestones, "MOST_SKIPPED", 3)
    outcome = run(tmp_path / "r", "monitor.nonfinite=skip", "data.n=9", "data.nan_at=7", "train.epochs=9")
    assert outcome.ending.code == Exit.TRAINING_FAILED
    assert "3 such steps in a row" in outcome.ending.reason


def test_rolling_back_takes_other_samples(run, journal, poison, tmp_path):
    poison(7, always=False)
    outcome = run(tmp_path / "r", "monitor.nonfinite=rollback", *LATE)
    assert (outcome.ending.status, outcome.summary["rollbacks"]) == ("finished", 1)
    records = journal(tmp_path / "r")
    assert [r["step"] for r in records if "train/loss" in r] == list(range(1, 25))
    assert [(r["step"], r["bad"]) for r in records if r.get("event") == "rollback"] == [(6, 7)]
    assert not any("nonfinite" in r for r in records)


def test_rolling_back_has_an_end(run, poison, tmp_path):
    poison(7)
    outcome = run(tmp_path / "r", "monitor.nonfinite=rollback", *LATE)
    assert (outcome.ending.code, outcome.summary["rollbacks"]) == (Exit.TRAINING_FAILED, 3)


def test_the_monitor_stops_where_it_is_told_to(run, poison, tmp_path):
    poison(5)
    outcome = run(tmp_path / "r", "monitor.nonfinite=skip", "monitor.error=stop")
    assert outcome.ending.code == Exit.TRAINING_FAILED
    assert outcome.ending.reason.startswith("NUM301")
    assert outcome.summary["steps"] == 8


def test_early_stopping_and_targets_finish_a_run(run, tmp_path):
    outcome = run(tmp_path / "a", "train.epochs=9", "optimizer.lr=1e-9", "regularizers.early_stopping.patience=2")
    assert (outcome.ending.status, outcome.ending.reason) == ("finished", "early stopping")
    assert outcome.summary["steps"] in (24, 32)
    outcome = run(tmp_path / "b", "train.epochs=9", "train.target=0.5")
    assert (outcome.ending.reason, outcome.summary["steps"] < 72) == ("target reached", True)
    assert outcome.summary["time_to_target_s"] > 0
    assert outcome.summary["best"]["value"] >= 0.5


def test_a_disk_that_fills_up_costs_no_good_checkpoint(run, monkeypatch, tmp_path):
    plain = Checkpoints.save

    def save(self, step, *args, **options):
        if step >= 8:
            raise OSError(errno.ENOSPC, "No space left on device", str(self.directory))
        return plain(self, step, *args, **options)

    monkeypatch.setattr(Checkpoints, "save", save)
    with pytest.raises(Failure, match="No space left") as caught:
        run(tmp_path / "r", *LATE)
    assert caught.value.code == Exit.IO_ERROR
    assert caught.value.help.endswith("step-6")
    assert Checkpoints(tmp_path / "r" / "checkpoints").load().step == 6


def test_an_evaluation_that_is_nan_is_never_the_best(run, monkeypatch, tmp_path):
    plain, calls = Evaluator.__call__, []

    def evaluate(self):
        calls.append(1)
        return {**plain(self), "val/accuracy": float("nan") if len(calls) < 3 else 0.5}

    monkeypatch.setattr(Evaluator, "__call__", evaluate)
    outcome = run(tmp_path / "r")
    assert (outcome.summary["best"]["step"], outcome.summary["best"]["value"]) == (24, 0.5)


def test_the_best_evaluation_is_saved_as_such(run, tmp_path):
    outcome = run(tmp_path / "r", "train.eval_every=3", "train.checkpoint_every=100%", "metrics=[]")
    loaded = Checkpoints(tmp_path / "r" / "checkpoints").load("best")
    assert (loaded.step, loaded.metric) == (outcome.summary["best"]["step"], outcome.summary["best"]["value"])


def test_a_signal_before_an_evaluation_leaves_it_for_later(run, journal, states, tmp_path):
    changes = (*LATE, "regularizers.l2.strength=0.01", "optimizer.weight_decay=0")
    run(tmp_path / "whole", *changes)
    outcome = run(tmp_path / "parts", *changes, stop=6)
    assert (outcome.ending.status, outcome.summary["best"]) == ("stopped", None)
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")
