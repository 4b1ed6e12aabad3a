"""A growing run."""

import numpy as np

from optcli.diagnosis import engine
from optcli.diagnosis.live import Live


def rows(values, role="train/loss"):
    return [{"step": i, role: float(v)} for i, v in enumerate(values)]


def test_each_finding_is_said_once_and_at_its_rung(fall) -> None:
    live = Live()
    loss = np.where(np.arange(400) < 200, fall, np.nan)
    said = [(i, f.code) for i, row in enumerate(rows(loss)) for f in live.add([row], closed=True)]
    assert said == [(200, "NUM301")]
    assert live.finish() == []


def test_a_step_waits_for_its_validation(make, fall) -> None:
    """Validation at the same step may come in a later row, unless the caller says that the step is complete."""
    live = Live()
    assert live.add([{"step": 0, "train/loss": float("nan")}]) == []
    assert [f.code for f in live.add([{"step": 1, "train/loss": 1.0}])] == ["NUM301"]


def test_journal_rows_with_nulls_events_and_clocks_are_understood() -> None:
    live = Live(planned=10)
    live.add(
        [
            {"event": "start", "planned": 10},
            {"step": 1, "epoch": 0, "train/loss": None, "nonfinite": {"train/loss": "nan"}, "clock": {"t": 1.0}},
            {"step": 2, "epoch": 1, "train/loss": 2.0, "done": True, "note": "x"},
        ]
    )
    run = live.run()
    assert np.isnan(run.curves["train/loss"].value[0])
    assert run.epoch_steps.tolist() == [1, 2]
    assert set(run.curves) == {"train/loss", "epoch"}
    assert (run.planned, run.end) == (10, "running")


def test_a_run_with_validation_alone_is_judged_at_its_end(make, fall) -> None:
    values = np.where(np.arange(400) < 200, fall, 3.0 + fall)
    live = Live()
    assert live.add(rows(values, "val/loss")) == []
    late = {(f.code, f.known_at) for f in live.finish()}
    assert late == {(f.code, f.known_at) for f in engine.diagnose(make({"val/loss": values})).findings}


def test_curves_given_out_stay_as_they_were(fall) -> None:
    live = Live()
    live.add(rows(fall[:100]))
    before = live.run().curves["train/loss"]
    live.add([{"step": 100 + i, "train/loss": 9.0} for i in range(100)])
    assert before.value.tolist() == fall[:100].tolist()
    assert not before.value.flags.writeable
    assert len(live.run().curves["train/loss"]) == 200


def test_seams_and_settings_reach_the_run() -> None:
    live = Live(config={"optimizer.lr": 0.1})
    live.seam(40)
    assert live.run().seams == (40.0,)
    assert live.diagnosis().status == "unknown"


def test_a_clock_gives_the_time_and_what_a_step_costs() -> None:
    live = Live()
    live.add([{"step": i, "train/loss": 1.0, "clock": {"t": 2.0 * i, "step_us": 5e5, "mib": 100}} for i in range(3)])
    live.add([{"step": 2, "val/loss": 1.0}])
    run = live.run()
    assert run.curves["train/loss"].time.tolist() == [0, 2, 4]
    assert run.curves["val/loss"].time.tolist() == [4]
    assert run.curves["step_time"].value.tolist() == [0.5] * 3
    assert run.curves["memory"].value.tolist() == [100] * 3


def test_without_a_clock_there_is_no_time() -> None:
    live = Live()
    live.add([{"step": 0, "train/loss": 1.0}, {"step": 1, "train/loss": 1.0, "clock": {"t": 1.0}}])
    assert live.run().curves["train/loss"].time is None


def test_a_headline_that_only_the_end_shows_gives_the_same_live_and_afterwards(make) -> None:
    """Three points of training beside forty of validation, which leaves its level in the middle of the run."""
    val = np.where(np.arange(40) < 25, 2.0 * np.exp(-np.arange(40) / 8) + 0.3, 3.0)
    val = val + 0.01 * np.random.default_rng(0).normal(size=40)
    live, told = Live(), []
    for step in range(40):
        training = {"train/loss": 2.0 - step / 20} if step in (10, 20, 30) else {}
        told += live.add([{"step": step, **training, "val/loss": float(val[step])}], closed=True)
    told += live.finish()
    train = np.array([10, 20, 30]), 2.0 - np.array([10, 20, 30]) / 20
    after = engine.diagnose(make({"train/loss": train, "val/loss": val})).findings
    assert "OPT102" in {f.code for f in after}
    assert {(f.code, f.known_at) for f in told} == {(f.code, f.known_at) for f in after}
