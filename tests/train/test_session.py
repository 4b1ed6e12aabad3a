"""From the outside: what a training leaves behind, and how it is gone on with."""

import json

import pytest
import torch

import optcli
from optcli.exits import Exit, Failure
from optcli.train.rundir import CannotCreate
from optcli.train.session import train


def test_a_run_leaves_its_files(run, tmp_path):
    outcome = run(tmp_path / "r")
    names = {path.name for path in (tmp_path / "r").iterdir()}
    assert names >= {
        "recipe.yaml", "journal.jsonl", "tensorboard", "checkpoints", "diagnosis.json", "environment.json",
        "summary.json",
    }  # fmt: skip
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert summary["status"] == "finished"
    assert (summary["steps"], summary["epochs"]) == (24, 3)
    assert summary["best"]["metric"] == "val/accuracy"
    assert summary["final"].keys() == {"train/loss", "val/loss", "val/accuracy"}
    assert summary.keys() >= {"wall_s", "cpu_us_per_step", "samples_per_s", "peak_memory_mib", "threads"}
    assert summary["cpu_us_per_step"] > 0
    assert outcome.diagnosis.source == str(tmp_path / "r")
    [told] = json.loads((tmp_path / "r" / "diagnosis.json").read_text())["runs"]
    assert told["status"] == outcome.diagnosis.status


def test_the_journal_has_a_row_a_step_and_one_an_evaluation(run, journal, tmp_path):
    run(tmp_path / "r", "train.eval_every=6", "schedule.name=linear")
    records = journal(tmp_path / "r")
    assert (records[0]["event"], records[0]["planned"]) == ("start", 24)
    rows = [r for r in records if "train/loss" in r]
    assert [r["step"] for r in rows] == list(range(1, 25))
    assert [r["epoch"] for r in rows] == [0] * 8 + [1] * 8 + [2] * 8
    assert rows[0]["lr"] == pytest.approx(0.01)
    assert rows[-1]["lr"] < 0.001
    assert [r["step"] for r in rows if "update_ratio" in r] == [1, 21]
    layered = {r["step"]: {k for k in r if k.startswith("grad_norm/")} for r in rows}
    assert {step for step, names in layered.items() if names} == {1, 21}
    assert len(layered[1]) == 2
    assert 0 < sum(rows[0][name] ** 2 for name in layered[1]) < rows[0]["grad_norm"] ** 2
    assert [r["step"] for r in records if "val/loss" in r] == [6, 12, 18, 24]
    assert (records[-1]["event"], records[-1]["status"]) == ("end", "finished")


def test_the_diagnosis_afterwards_is_the_live_one(run, tmp_path):
    from optcli.diagnosis.engine import diagnose
    from optcli.run.assemble import read

    outcome = run(tmp_path / "r", "data.nan_at=7", "monitor.nonfinite=skip")
    [later] = read(tmp_path / "r")
    key = [(f.code, f.curve, f.first, f.known_at) for f in diagnose(later).findings]
    assert key == [(f.code, f.curve, f.first, f.known_at) for f in outcome.diagnosis.findings]
    assert "NUM301" in {code for code, *_ in key}


def test_equal_runs_are_equal(run, journal, states, tmp_path):
    for name in "ab":
        run(tmp_path / name, "regularizers.dropout.rate=0.4")
    assert journal(tmp_path / "a") == journal(tmp_path / "b")
    assert states(tmp_path / "a") == states(tmp_path / "b")


@pytest.mark.parametrize("stop", [1, 7, 8, 23])
def test_a_stopped_run_goes_on_exactly(run, journal, states, tmp_path, stop):
    run(tmp_path / "whole", "regularizers.dropout.rate=0.4")
    stopped = run(tmp_path / "parts", "regularizers.dropout.rate=0.4", stop=stop, signal=10)
    assert (stopped.ending.status, stopped.ending.code, stopped.summary["steps"]) == ("stopped", 138, stop)
    assert stopped.ending.reason == "by SIGUSR1"
    run(tmp_path / "parts", "regularizers.dropout.rate=0.4", resume=True)
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")
    assert states(tmp_path / "parts") == states(tmp_path / "whole")


def test_a_finished_run_says_so(run, tmp_path):
    run(tmp_path / "r")
    before = (tmp_path / "r" / "journal.jsonl").read_bytes()
    again = run(tmp_path / "r", resume=True)
    assert (again.ending.status, again.ending.code) == ("finished", Exit.DONE)
    assert (tmp_path / "r" / "journal.jsonl").read_bytes() == before


def test_a_longer_training_goes_on(run, journal, tmp_path):
    run(tmp_path / "r")
    outcome = run(tmp_path / "r", "train.epochs=4", resume=True)
    assert outcome.summary["steps"] == 32
    assert [r["step"] for r in journal(tmp_path / "r") if "train/loss" in r] == list(range(1, 33))


def test_a_directory_with_a_run_is_not_overwritten(run, tmp_path):
    run(tmp_path / "r", stop=2)
    with pytest.raises(CannotCreate, match="holds a run"):
        run(tmp_path / "r")
    with pytest.raises(Failure, match=r"optimizer\.lr"):
        run(tmp_path / "r", "optimizer.lr=1", resume=True)


def test_a_damaged_checkpoint_is_passed_over(run, journal, tmp_path, capsys):
    changes = ("train.checkpoint_every=4",)
    run(tmp_path / "whole", *changes)
    run(tmp_path / "parts", *changes, stop=18)
    newest = tmp_path / "parts" / "checkpoints" / "step-18" / "state.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    run(tmp_path / "parts", *changes, resume=True)
    assert "step-18 is damaged" in capsys.readouterr().err
    assert journal(tmp_path / "parts") == journal(tmp_path / "whole")


def test_what_cannot_be_had_is_a_failure_and_leaves_nothing(recipe, tmp_path):
    with pytest.raises(Failure, match="not on this machine") as caught:
        train(recipe(), base=tmp_path, device="cuda:63")
    assert caught.value.code == Exit.USAGE

    @optcli.model
    def narrow(facts):
        return torch.nn.Linear(3, 3)

    with pytest.raises(Failure, match="model narrow failed"):
        train(recipe("model=narrow"), base=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_error_in_the_middle_leaves_what_is_known(run, journal, tmp_path):
    @optcli.model
    def brittle(facts):
        class Brittle(torch.nn.Linear):
            calls = 0

            def forward(self, x):
                self.calls += self.training
                if self.calls > 11:
                    raise ValueError("no more")
                return super().forward(x)

        return Brittle(facts.shape[0], facts.outputs)

    with pytest.raises(Failure, match=r"no more \(in step 11\)"):
        run(tmp_path / "r", "model=brittle")
    records = journal(tmp_path / "r")
    assert [r["step"] for r in records if "train/loss" in r] == list(range(1, 11))
    assert records[-1]["event"] == "end"
    summary = json.loads((tmp_path / "r" / "summary.json").read_text())
    assert (summary["status"], summary["steps"], summary["exit_code"]) == ("failed", 10, 2)
    assert "no more" in summary["reason"]


def test_a_metric_that_fails_says_so_before_anything_is_written(run, tmp_path):
    @optcli.metric(higher_is_better=True)
    def wrong(output, target):
        raise RuntimeError("not like this")

    with pytest.raises(Exception, match="not like this"):
        run(tmp_path / "r", "metrics=[wrong]")
    assert not (tmp_path / "r" / "journal.jsonl").exists()


def test_a_longer_resume_is_planned_longer(run, tmp_path):
    from optcli.run.assemble import read

    run(tmp_path / "r")
    run(tmp_path / "r", "train.epochs=5", resume=True)
    assert read(tmp_path / "r")[0].planned == 40


def test_a_second_interrupt_stops_at_once_and_says_how_to_go_on(recipe, tmp_path, monkeypatch, capsys):
    def interrupted(training):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("optcli.train.session.fit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(recipe(), run_dir=tmp_path / "r")
    assert f"go on with: optcli train --resume --run-dir {tmp_path / 'r'}\n" in capsys.readouterr().err
    assert train(recipe(), run_dir=tmp_path / "r", resume=True).ending.status == "finished"


def test_to_go_on_where_nothing_is_begins_a_run_and_says_so(run, tmp_path, capsys):
    run(tmp_path / "new", resume=True)
    assert f"{tmp_path / 'new'} held no run to go on with: a new one begins" in capsys.readouterr().err
    run(tmp_path / "other")
    assert "held no run" not in capsys.readouterr().err
