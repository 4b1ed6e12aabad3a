"""Between steps: bad steps, goals, stops, and what is saved when."""

import errno
import json
import math
import signal
from types import SimpleNamespace

import pytest
import torch

import optcli
from optcli.diagnosis import engine
from optcli.exits import Exit, Failure
from optcli.run.assemble import read
from optcli.train import milestones
from optcli.train.checkpoint import Checkpoints
from optcli.train.evaluate import Evaluator
from optcli.train.objective import Objective

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
    assert (outcome.summary["steps"], records[-1]["event"], records[-1]["step"]) == (at, "end", at)
    [told] = [r for r in records if r.get("event") == "nonfinite"]
    assert len(told["samples"]) == 8
    assert finite(tmp_path / "r")
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["status"] == "failed"


def test_a_sample_that_is_nan_is_named(run, tmp_path):
    outcome = run(tmp_path / "r", "data.nan_at=7")
    told = "the input of 1 of the batch's samples holds NaN or infinity: sample 7"
    assert outcome.ending.reason.endswith(told)
    records = [json.loads(line) for line in (tmp_path / "r" / "journal.jsonl").read_text().splitlines()]
    [told] = [r for r in records if r.get("event") == "nonfinite"]
    assert (told["first_bad"], 7 in told["samples"]) == ("input", True)
    words = "the data hold NaN or infinity: remove or mend those samples"
    for diagnosis in (
        outcome.diagnosis,
        engine.diagnose(read(str(outcome.path))[0]),
    ):  # of the run itself, and of its journal
        assert diagnosis.causes[0].name == "numerical-instability"
        assert diagnosis.causes[0].prescription.advice["any"].startswith(words)


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


ROLLBACK = ("monitor.nonfinite=rollback", "data.nan_at=0")


def test_batches_that_were_bad_before_stay_replaced(run, tmp_path):
    """Every epoch has a bad batch (steps 5, 16 and 22), and all go back to the same checkpoint."""
    outcome = run(tmp_path / "r", *ROLLBACK, "train.eval_every=23", "train.checkpoint_every=23")
    assert (outcome.ending.status, outcome.summary["rollbacks"]) == ("finished", 3)


class Killed(BaseException):
    """Ends a training as a kill would: nothing is tidied up or said."""


@pytest.fixture
def killed(monkeypatch, run):
    """`killed(owner, name, folder, *changes)`: train until that function has been called; `when` chooses the call."""

    def go(owner, name, folder, *changes, when=lambda *args: True, **options):
        with monkeypatch.context() as patch:
            plain = getattr(owner, name)

            def call(*args):
                plain(*args)
                if when(*args):
                    raise Killed

            patch.setattr(owner, name, call)
            with pytest.raises(Killed):
                run(folder, *changes, **options)

    return go


@pytest.mark.parametrize("every", ["23", "4"])
def test_killed_right_after_rolling_back_it_rolls_back_again(run, killed, journal, states, tmp_path, every):
    changes = (*ROLLBACK, f"train.checkpoint_every={every}", "train.eval_every=6", "regularizers.dropout.rate=0.2")
    run(tmp_path / "whole", *changes)
    killed(milestones, "_roll_back", tmp_path / "parts", *changes)
    killed(milestones, "_roll_back", tmp_path / "parts", *changes, resume=True)
    outcome = run(tmp_path / "parts", *changes, resume=True)
    assert outcome.summary["rollbacks"] > 1
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_stopped_between_rolling_back_and_saving_it_goes_on_exactly(run, journal, tmp_path):
    changes = (*ROLLBACK, "train.checkpoint_every=23", "train.eval_every=23")
    whole = run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=15)
    assert run(tmp_path / "parts", *changes, resume=True).summary["rollbacks"] == whole.summary["rollbacks"]
    rows = [[r for r in journal(tmp_path / name) if "train/loss" in r] for name in ("whole", "parts")]
    assert rows[0] == rows[1]


def test_what_the_monitor_saw_in_a_step_that_is_taken_back_does_not_stop_the_run(run, tmp_path):
    outcome = run(tmp_path / "r", *ROLLBACK, "monitor.error=stop", *LATE)
    assert outcome.ending.status == "finished"
    assert outcome.summary["rollbacks"] > 0


def test_steps_that_are_taken_again_are_counted_again(run, monkeypatch, tmp_path):
    from optcli.train.meter import Meter

    seen = []
    monkeypatch.setattr(Meter, "back", lambda self, steps: seen.append(steps))
    run(tmp_path / "r", *ROLLBACK, "train.checkpoint_every=23", "train.eval_every=23")
    assert seen == [23, 23, 23]


def test_killed_after_an_evaluation_that_a_signal_put_off_it_is_logged_once(run, killed, journal, states, tmp_path):
    from optcli.train.update import Update

    changes = ("train.eval_every=3", "train.checkpoint_every=100%", "optimizer.lr=1e-9")
    run(tmp_path / "whole", *changes)
    assert run(tmp_path / "parts", *changes, stop=6).ending.status == "stopped"
    for step in (7, 8):
        killed(Update, "__call__", tmp_path / "parts", *changes, resume=True, when=lambda u, n, *_, at=step: n == at)
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_going_back_to_a_checkpoint_of_a_signal_evaluates_what_it_had_put_off(run, journal, tmp_path):
    changes = ("monitor.nonfinite=rollback", "data.nan_at=5", "train.eval_every=3", "train.checkpoint_every=23")
    run(tmp_path / "r", *changes, "optimizer.lr=1e-9", stop=6)  # step 7 is bad
    assert run(tmp_path / "r", *changes, "optimizer.lr=1e-9", resume=True).summary["rollbacks"] > 0
    evaluated = [r["step"] for r in journal(tmp_path / "r") if "val/loss" in r]
    assert evaluated == sorted({*range(3, 25, 3)})


def test_an_evaluation_that_is_cut_short_draws_nothing(run, journal, states, monkeypatch, tmp_path):
    @optcli.model
    def doubtful(facts):
        net = torch.nn.Linear(facts.shape[0], facts.outputs)
        net.register_forward_hook(lambda module, inputs, output: torch.dropout(output, 0.5, True))
        return net

    changes = ("model=doubtful", "train.eval_every=6", "train.checkpoint_every=100%")
    monkeypatch.setattr("optcli.train.evaluate.LEAST_BATCH", 8)
    run(tmp_path / "whole", *changes)
    plain, calls = Objective.evaluate, []

    def evaluate(self, x, y):
        calls.append(len(x))
        if len(calls) == 7:  # the first is a trial, an evaluation has four
            signal.raise_signal(signal.SIGTERM)
        return plain(self, x, y)

    with monkeypatch.context() as patch:
        patch.setattr(Objective, "evaluate", evaluate)
        assert run(tmp_path / "parts", *changes).summary["steps"] == 12
    run(tmp_path / "parts", *changes, resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_an_interruption_does_not_break_a_row_of_skipped_steps(run, monkeypatch, tmp_path):
    monkeypatch.setattr(milestones, "MOST_SKIPPED", 5)
    changes = ("monitor.nonfinite=skip", "data.n=9", "data.nan_at=7", "train.epochs=9")
    whole = run(tmp_path / "whole", *changes).ending.reason
    at = int(whole.split("at step ")[1].split(",")[0])
    run(tmp_path / "parts", *changes, stop=at - 2)
    assert run(tmp_path / "parts", *changes, resume=True).ending.reason == whole


def test_the_monitor_stops_where_it_is_told_to(run, poison, tmp_path):
    poison(5)
    outcome = run(tmp_path / "r", "monitor.nonfinite=skip", "monitor.error=stop")
    assert outcome.ending.code == Exit.TRAINING_FAILED
    assert outcome.ending.reason.startswith("NUM301")
    assert outcome.summary["steps"] == 8


def test_the_first_processs_monitor_decides_for_all():
    finding = SimpleNamespace(code="SYS601", name="slow", message="slower and slower")
    said = []
    for stop, told in ((None, "SYS601 slow: slower and slower"), (finding, "")):
        world = SimpleNamespace(tell=lambda mine, told=told: said.append(mine) or told)
        ending = milestones._by_monitor(SimpleNamespace(world=world, monitor=SimpleNamespace(stop=stop)))
        assert (ending.reason if ending else "") == told
    assert said == ["", "SYS601 slow: slower and slower"]


def test_early_stopping_and_targets_finish_a_run(run, tmp_path):
    outcome = run(tmp_path / "a", "train.epochs=9", "optimizer.lr=1e-9", "regularizers.early_stopping.patience=2")
    assert (outcome.ending.status, outcome.ending.reason) == ("finished", "early stopping")
    assert outcome.summary["steps"] in (24, 32)
    outcome = run(tmp_path / "b", "train.epochs=9", "train.target=0.5")
    assert (outcome.ending.reason, outcome.summary["steps"] < 72) == ("target reached", True)
    assert outcome.summary["time_to_target_s"] > 0
    assert outcome.summary["best"]["value"] >= 0.5


@pytest.mark.parametrize("told", [True, False])
def test_a_disk_that_fills_up_costs_no_good_checkpoint(run, monkeypatch, tmp_path, told):
    plain = Checkpoints.save

    def save(self, step, *args, **options):
        if step >= 8:
            error = OSError(errno.ENOSPC, "No space left on device", str(self.directory))
            raise self._told(error) if told else error
        return plain(self, step, *args, **options)

    monkeypatch.setattr(Checkpoints, "save", save)
    with pytest.raises(Failure, match=r"(?i)no space left") as caught:
        run(tmp_path / "r", *LATE)
    assert caught.value.code == Exit.IO_ERROR
    good, after = caught.value.help.split("; ")
    assert good.endswith("step-6")
    assert after == f"make room, then go on with: optcli train --resume --run-dir {tmp_path / 'r'}"
    assert Checkpoints(tmp_path / "r" / "checkpoints").load().step == 6
    assert json.loads((tmp_path / "r" / "summary.json").read_text())["exit_code"] == Exit.IO_ERROR


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
