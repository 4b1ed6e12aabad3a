"""The walk from a run to a diagnosis."""

import numpy as np
import pytest

from optcli.diagnosis import engine
from optcli.diagnosis.diagnosis import Diagnosis
from optcli.diagnosis.live import Live


def standing(diagnosis: Diagnosis) -> set[str]:
    return {f.code for f in diagnosis.findings if f.healed_at is None and f.severity != "info"}


def test_a_healthy_run_is_healthy_and_has_no_causes(make, fall) -> None:
    diagnosis = engine.diagnose(make({"train/loss": fall}))
    assert (diagnosis.status, standing(diagnosis), diagnosis.causes) == ("healthy", set(), ())
    assert diagnosis.points == 400


@pytest.mark.parametrize("curves", [{}, {"train/loss": [2.0, 1.0]}, {"lr": np.ones(50)}])
def test_too_little_is_unknown_and_says_so(make, curves) -> None:
    diagnosis = engine.diagnose(make(curves))
    assert diagnosis.status == "unknown"
    assert [n.code for n in diagnosis.notes] == ["RUN704"]


def test_a_finding_is_pinned_where_it_was_first_known(make, fall) -> None:
    loss = np.where(np.arange(400) < 200, fall, 3.0 + 0.02 * fall)
    whole = engine.diagnose(make({"train/loss": loss}), select=["OPT102"]).findings
    short = engine.diagnose(make({"train/loss": loss[:300]}), select=["OPT102"]).findings
    assert len(whole) == len(short) == 1
    assert (whole[0].first, whole[0].known_at) == (short[0].first, short[0].known_at)
    assert whole[0].first == 200
    assert whole[0].known_at < 240
    assert whole[0].last == 399 > short[0].last


def test_what_heals_keeps_its_place_and_leaves_the_run_healthy(make, fall) -> None:
    loss = np.concatenate([fall[:150], np.full(40, 2.0) + 0.02 * fall[:40], fall[150:]])
    diagnosis = engine.diagnose(make({"train/loss": loss}), select=["OPT102"])
    (finding,) = diagnosis.findings
    assert finding.healed_at is not None
    assert finding.known_at < finding.healed_at < 439
    assert diagnosis.status == "healthy"


def test_select_and_ignore_go_by_the_beginning_of_codes(make, fall) -> None:
    run = make({"train/loss": np.where(np.arange(400) < 200, fall, np.nan)})
    assert standing(engine.diagnose(run)) == {"NUM301"}
    assert standing(engine.diagnose(run, ignore=["NUM"])) == set()
    assert standing(engine.diagnose(run, select=["opt", "gen201"])) == set()


def test_a_running_run_is_not_judged_by_its_end(make, fall) -> None:
    steep = 2.3 * (1 - (np.arange(400) / 460) ** 1.5)
    assert standing(engine.diagnose(make({"train/loss": steep}))) == {"OPT106"}
    assert "OPT106" not in standing(engine.diagnose(make({"train/loss": steep}, end="running")))


def test_after_a_nan_nothing_but_numerics_is_said(make, fall) -> None:
    loss = np.where(np.arange(400) < 60, 2.3, np.nan)
    found = engine.diagnose(make({"train/loss": loss})).findings
    assert all(f.known_at <= 60 for f in found)
    assert "NUM301" in {f.code for f in found}


def test_every_rule_that_could_not_judge_says_why(make, fall) -> None:
    diagnosis = engine.diagnose(make({"train/loss": fall}))
    assert diagnosis.abstained["GEN201"] == "no val/loss in the log"
    assert "OPT105" not in diagnosis.abstained


def test_findings_stand_in_order_worst_first(make, fall) -> None:
    run = make({"train/loss": np.where(np.arange(400) < 200, fall, 3.0 + fall), "lr": np.full(400, 1e-3)})
    severities = [f.severity for f in engine.diagnose(run).findings]
    assert severities == sorted(severities, key=("error", "warning", "info").index)


def test_nothing_is_compared_across_an_interruption(make, fall) -> None:
    """A run that goes on from an older checkpoint, or another run in the same log, begins higher."""
    loss = np.concatenate([fall[:200], 1.5 + fall[:200] / 2])
    seen = {"train/loss": loss}
    assert {"OPT102", "OPT108"} & standing(engine.diagnose(make(seen)))
    assert not {"OPT102", "OPT108"} & standing(engine.diagnose(make(seen, seams=(200.0,))))


def test_bookkeeping_is_not_counted_among_the_points(make, fall) -> None:
    clocks = dict.fromkeys(("epoch", "step_time", "data_time", "memory"), fall)
    assert engine.diagnose(make({"train/loss": fall, **clocks})).points == 400


def test_a_rule_is_asked_when_its_first_curve_has_grown(make, fall, monkeypatch) -> None:
    asked = []
    rule = engine.rules.load("GEN201")
    check = rule.check
    monkeypatch.setattr(rule, "check", lambda view: asked.append(view.at) or check(view))
    val = np.arange(39, 400, 40)
    engine.diagnose(make({"train/loss": fall, "val/loss": (val, fall[val])}), select=["GEN201"])
    assert len(asked) <= len(val) + 1
    assert asked[-1] == 399


@pytest.mark.parametrize("length", [20, 60, 300])
def test_a_run_that_broke_off_is_not_judged_by_how_far_it_came(make, length: int) -> None:
    value = 2.3 - 0.002 * np.arange(1.0, length + 1)
    value[-1] = np.nan
    told = engine.diagnose(make({"train/loss": value}))
    assert standing(told) == {"NUM301"}
    assert "learning-rate-too-low" not in {cause.name for cause in told.causes}


def test_a_number_that_never_changes_and_means_nothing_is_not_counted_among_the_points(make, fall) -> None:
    fixed = {"n_parameters": np.full(400, 3e6), "val/time": np.linspace(1, 2, 400)}
    assert engine.diagnose(make({"train/loss": fall, **fixed})).points == 400
    assert engine.diagnose(make({"train/loss": fall, "lr": np.full(400, 0.1)})).points == 800


def test_not_to_know_any_more_is_no_recovery(make) -> None:
    """One bump of the training loss makes six epochs too noisy to judge; validation is as bad as before."""
    train = [0.80, 0.71, 0.64, 0.53, 0.58, 0.48]
    val = [0.70, 0.715, 0.74, 0.78, 0.76, 0.79]
    diagnosis = engine.diagnose(make({"train/loss": train, "val/loss": val}), select=["GEN201"])
    assert "the training loss has not fallen yet" in diagnosis.abstained.values()
    assert (diagnosis.status, [f.healed_at for f in diagnosis.findings]) == ("ill", [None])


def test_what_has_healed_needs_no_cause(make, fall) -> None:
    loss = np.concatenate([fall[:150], np.full(40, 2.0) + 0.02 * fall[:40], fall[150:]])
    diagnosis = engine.diagnose(make({"train/loss": loss}), select=["OPT102"])
    assert "OPT102" in {f.code for f in diagnosis.findings}
    assert (standing(diagnosis), diagnosis.causes) == (set(), ())


def test_a_state_that_has_passed_asks_for_nothing_and_what_happened_stays_as_bad(make) -> None:
    slow = np.concatenate([np.full(120, 2.3), 2.3 * np.exp(-np.arange(280) / 60)])
    told = engine.diagnose(make({"train/loss": slow + 0.01 * np.random.default_rng(0).normal(size=400)}, planned=400))
    (late,) = [f for f in told.findings if f.code == "OPT104"]
    assert (late.severity, told.status) == ("info", "healthy")
    assert late.healed_at is not None
    live = Live(400)
    rows = [{"step": i, "train/loss": float(x)} for i, x in enumerate(slow)]
    spoken = live.add(rows, closed=True)
    assert [f.severity for f in spoken if f.code == "OPT104"] == ["error"]  # nobody knew better then


def test_what_is_over_but_counts_has_a_cause(make) -> None:
    step = np.arange(400)
    swings = 0.7 + 1.6 * np.exp(-step / 20) + 0.25 * np.sin(step / 7) * ((step > 60) & (step < 200))
    noise = 0.03 * np.random.default_rng(0).normal(size=400)
    curves = {"train/loss": swings + noise, "val/loss": (step[9::10], swings[9::10] + 0.05 + 0.3 * noise[9::10])}
    usual, absurd = (make(curves, config={"optimizer.name": "adam", "optimizer.lr": lr}) for lr in (1e-3, 0.5))
    assert engine.diagnose(usual).causes == ()
    assert engine.diagnose(absurd).causes[0].name == "learning-rate-too-high"
