"""Laws of rules and causes, run over every one of them."""

import ast
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optcli.diagnosis import catalogue, causes, engine, ladder, rules
from optcli.diagnosis.diagnosis import SEVERITIES, Abstain, Finding
from optcli.diagnosis.live import Live
from optcli.diagnosis.view import View
from optcli.recipe import load
from optcli.run.curve import Curve, Run, read_only

CODES = catalogue.codes()
CAUSES = catalogue.names()
HEADINGS = ["What is seen", "Why it matters", "Look-alikes", "Example", "Healthy", "References"]
TRANSFORMS = {"scale": (7.3, 0.0, 1.0), "shift": (1.0, 3.0, 1.0), "steps": (1.0, 0.0, 10.0)}
"""What a verdict must not depend on -> factor and offset of losses, factor of steps."""


def run_of(curves: dict[str, Any], end: str = "finished", **rest: Any) -> Run:
    """A run by role from arrays of values, or tuples of steps and values, or of steps, values and seconds."""
    made = {}
    for role, values in curves.items():
        step, value, *time = values if isinstance(values, tuple) else (np.arange(len(values)), values)
        made[role] = Curve(role, read_only(step), read_only(value), *map(read_only, time))
    rest["epoch_steps"] = read_only(rest.pop("epochs", []))
    return Run("made up", "none", made, end=end, **rest)  # type: ignore[arg-type]


def blocks(code: str) -> list[str]:
    """The code blocks of a rule's page."""
    return re.findall(r"```python\n(.*?)```", catalogue.rule_doc(code), re.S)


def example(code: str, which: int, **changes: Any) -> tuple[Run, set[str]]:
    """The run that a page's block describes, and the codes that rightly come with it."""
    names: dict[str, Any] = {}
    exec(blocks(code)[which], names)
    known = {key: names[key] for key in ("planned", "config", "epochs") if key in names}
    return run_of(names["curves"], **known, **changes), set(names.get("also", ()))


def transformed(run: Run, scale: float, shift: float, steps: float) -> Run:
    """The run with other units of loss and of steps."""
    curves = {}
    for role, curve in run.curves.items():
        value = curve.value * scale + shift if role.endswith("loss") else curve.value
        curves[role] = Curve(role, read_only(curve.step * steps), read_only(value), curve.time)
    planned = None if run.planned is None else int(run.planned * steps)
    epochs = read_only(run.epoch_steps * steps)
    return Run("x", "none", curves, planned=planned, end=run.end, epoch_steps=epochs, config=run.config)


def said(run: Run, **choice: Any) -> set[tuple[Any, ...]]:
    """What must be the same whenever and however one looks."""
    return {identity(f) for f in engine.diagnose(run, **choice).findings}


def identity(finding: Finding) -> tuple[Any, ...]:
    """Without the severity where what has passed may ask for nothing any more."""
    severity = "" if hasattr(rules.load(finding.code), "passes") else finding.severity
    return finding.code, finding.curve, finding.first, finding.known_at, severity


def loud(run: Run, code: str) -> set[str]:
    """Codes that ask for action, and `code` itself."""
    return {f.code for f in engine.diagnose(run).findings if f.severity != "info" or f.code == code}


@pytest.mark.parametrize("code", CODES)
def test_page_has_its_headings_in_order(code: str) -> None:
    assert re.findall(r"^## (.+)$", catalogue.rule_doc(code), re.M) == HEADINGS
    assert re.fullmatch(r"[A-Z].{10,90}\.", catalogue.rule_doc(code).splitlines()[0])


@pytest.mark.parametrize("code", CODES)
def test_declares_what_the_engine_needs(code: str) -> None:
    rule = rules.load(code)
    assert rule.SEVERITY in SEVERITIES
    assert rule.STATUS in ("stable", "preview")
    assert rule.NEEDS
    assert rule.POINTS >= 1
    assert set(getattr(rule, "VARIES", ())) <= set(TRANSFORMS)
    assert (catalogue.severity(code), catalogue.status(code)) == (rule.SEVERITY, rule.STATUS)


@pytest.mark.parametrize("code", CODES)
def test_every_threshold_has_a_reason(code: str) -> None:
    """A named constant is followed by a text that says why it has that value, or by one of its kind that has one."""
    body = ast.parse(rules.files()[code].read_text(encoding="utf-8")).body
    numbers = [n for n in body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    own = {"SEVERITY", "STATUS", "NEEDS", "POINTS", "AT_END", "VARIES", "CONSTANT"}
    for place, node in enumerate(body):
        if node in numbers and node.target.id not in own:  # type: ignore[union-attr]
            after = next(n for n in body[place + 1 :] if n not in numbers)
            assert isinstance(after, ast.Expr), f"{node.target.id} has no reason"  # type: ignore[union-attr]


@pytest.mark.parametrize("code", CODES)
def test_example_shows_this_code_and_no_other(code: str) -> None:
    run, also = example(code, 0)
    assert loud(run, code) == {code} | also


@pytest.mark.parametrize("code", CODES)
def test_healthy_example_shows_nothing(code: str) -> None:
    run, _ = example(code, 1)
    assert loud(run, code) == set()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("law", TRANSFORMS)
def test_verdict_does_not_depend_on_units(code: str, law: str) -> None:
    if law in getattr(rules.load(code), "VARIES", ()):
        pytest.skip(f"{code} declares that {law} matters")
    for which in (0, 1):
        run, _ = example(code, which)
        factor = TRANSFORMS[law][2]
        want = {(c, curve, first * factor, known * factor, s) for c, curve, first, known, s in said(run, select=[code])}
        assert said(transformed(run, *TRANSFORMS[law]), select=[code]) == want


@pytest.mark.parametrize("code", CODES)
def test_what_is_said_at_a_rung_needs_nothing_later(code: str) -> None:
    run, _ = example(code, 0)
    whole = said(run)
    last = engine.last_step(run)
    for finding in engine.diagnose(run).findings:
        if finding.known_at < last:
            early = said(run.until(finding.known_at))
            assert early == {f for f in whole if f[3] <= finding.known_at and f[3] != last}


@pytest.mark.parametrize("code", CODES)
def test_live_says_what_is_said_afterwards(code: str) -> None:
    run, _ = example(code, 0)
    live = Live(run.planned, run.config)
    rows = as_rows(run)
    spoken = [f for at in range(0, len(rows), 7) for f in live.add(rows[at : at + 7])]
    spoken += live.finish()
    assert {identity(f) for f in spoken} == said(run)
    assert len(spoken) == len({identity(f) for f in spoken}), "said twice"
    assert {identity(f) for f in live.diagnosis("finished").findings} == said(run)


def as_rows(run: Run) -> list[dict[str, Any]]:
    """A run's curves as the rows of a journal."""
    by_step: dict[float, dict[str, Any]] = {}
    for role, curve in run.curves.items():
        for step, value in zip(curve.step.tolist(), curve.value.tolist(), strict=True):
            by_step.setdefault(step, {"step": step})[role] = value
        for step, time in zip(curve.step.tolist(), [] if curve.time is None else curve.time.tolist(), strict=False):
            by_step[step]["clock"] = {"t": time}
    epochs = run.epoch_steps
    if len(epochs):
        for step, row in by_step.items():
            row["epoch"] = int(np.searchsorted(epochs, step, side="right"))
    return [by_step[step] for step in sorted(by_step)]


@pytest.mark.parametrize("points", [0, 1, 2, 3])
def test_silent_on_next_to_nothing(points: int) -> None:
    curves = {role: np.linspace(2, 1, points) for role in ("train/loss", "val/loss", "lr", "grad_norm", "val/accuracy")}
    diagnosis = engine.diagnose(run_of(curves))
    assert not diagnosis.findings
    assert diagnosis.status == "unknown"


def test_a_constant_loss_is_judged_by_those_who_may() -> None:
    curves = {"train/loss": np.full(200, 0.7), "val/loss": np.full(200, 0.9), "lr": np.full(200, 1e-3)}
    may = {code for code in CODES if getattr(rules.load(code), "CONSTANT", False)}
    assert {f.code for f in engine.diagnose(run_of(curves)).findings} <= may


@pytest.mark.parametrize("code", CODES)
def test_other_curves_do_not_matter(code: str) -> None:
    run, _ = example(code, 0)
    rng = np.random.default_rng(3)
    other = {f"my/{i}": Curve(f"my/{i}", read_only(np.arange(50)), read_only(rng.normal(size=50))) for i in range(3)}
    more = Run("x", "none", {**other, **run.curves}, planned=run.planned, end=run.end, epoch_steps=run.epoch_steps)
    more = Run(**{**more.__dict__, "config": run.config})
    assert {f[:3] for f in said(more)} == {f[:3] for f in said(run)}


@pytest.mark.parametrize("code", CODES)
def test_says_the_same_twice_and_leaves_its_input_alone(code: str) -> None:
    run, _ = example(code, 0)
    before = {role: curve.value.copy() for role, curve in run.curves.items()}
    assert engine.diagnose(run) == engine.diagnose(run)
    for role, curve in run.curves.items():
        np.testing.assert_array_equal(curve.value, before[role])
        assert not curve.value.flags.writeable


numbers = st.floats(allow_nan=True, allow_infinity=True, width=32)
values = hnp.arrays(np.float64, st.integers(1, 70), elements=numbers)


@settings(max_examples=120, deadline=None)
@given(loss=values, val=values, grad=values, lr=values, planned=st.none() | st.integers(1, 500), gap=st.integers(1, 9))
def test_never_raises_whatever_the_curves_hold(
    loss: Any, val: Any, grad: Any, lr: Any, planned: int | None, gap: int
) -> None:
    curves = {
        "train/loss": loss,
        "val/loss": (np.arange(len(val)) * gap, val),
        "grad_norm": grad,
        "lr": lr,
        "loss_scale": np.abs(grad),
        "val/accuracy": lr,
    }
    run = run_of(curves, planned=planned, epochs=np.arange(0, 70, 8))
    diagnosis = engine.diagnose(run)
    figures = [e.value for f in diagnosis.findings for e in f.evidence.values()]
    assert np.isfinite(figures).all()
    assert all(0 <= f.confidence <= 1 for f in diagnosis.findings)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_live_says_the_same_however_the_rows_come(data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 220))
    step = np.arange(n)
    level = 2 * np.exp(-step / rng.integers(3, 200)) + rng.choice([0.0, 1.0, 3.0]) * (step > n * rng.random())
    loss = level + rng.choice([0.0, 0.02, 0.3]) * rng.normal(size=n)
    loss[rng.random(n) < rng.choice([0.0, 0.02])] = rng.choice([np.nan, np.inf])
    every = int(rng.integers(1, 20))
    run = run_of(
        {"train/loss": loss, "val/loss": (step[::every], (level + 0.1 * rng.normal())[::every])},
        planned=int(rng.choice([n, 2 * n])),
    )
    rows = as_rows(run)
    live, spoken, at = Live(run.planned), list[Finding](), 0
    while at < len(rows):
        size = data.draw(st.integers(1, 60))
        spoken += live.add(rows[at : at + size], closed=data.draw(st.booleans()))
        at += size
    spoken += live.finish()
    assert {identity(f) for f in spoken} == said(run)


def test_a_diagnosis_costs_a_fixed_number_of_operations() -> None:
    """Counted, not timed: calls from Python into anything. 560 points take about 20 ms on one 2020s core."""
    run, _ = example("OPT101", 0)
    engine.diagnose(run)
    count = 0

    def counting(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        engine.diagnose(run)
    finally:
        sys.setprofile(None)
    assert count < 60_000


def test_cost_grows_no_faster_than_the_ladder() -> None:
    """Ten times the points are 20 more rungs, not ten times the rungs."""
    assert len(ladder.counts(5600)) - len(ladder.counts(560)) <= 22


@pytest.mark.parametrize("code", CODES)
def test_a_rule_alone_abstains_or_finds(code: str) -> None:
    run, _ = example(code, 1)
    answer = rules.load(code).check(View(run, engine.last_step(run), ended=True))
    assert isinstance(answer, Abstain | list)


@pytest.mark.parametrize("name", CAUSES)
def test_evidence_names_codes_that_exist(name: str) -> None:
    evidence = catalogue.evidence(name)
    assert set(evidence) <= set(CODES)
    assert any(weight > 0 for weight in evidence.values())
    assert dict(causes.load(name).EVIDENCE) == evidence


def test_every_code_that_asks_for_action_has_a_cause() -> None:
    assert [c for c in CODES if catalogue.severity(c) != "info" and not catalogue.causes_of(c)] == []


@pytest.mark.parametrize("name", CAUSES)
def test_cause_page_tells_how_to_know_it_and_what_to_do(name: str) -> None:
    page = catalogue.cause_doc(name)
    for part in ("**What it is.**", "**How to tell", "**What to do", "**Sources.**"):
        assert part in page
    assert len(page) > 800


@pytest.mark.parametrize("name", CAUSES)
def test_patches_fit_a_recipe(name: str) -> None:
    recipe = load("fashion")
    config: dict[str, Any] = {**recipe.to_dict(), "facts": {"task": "classification", "outputs": 10}}
    strongest = max(catalogue.evidence(name), key=catalogue.evidence(name).get)  # type: ignore[arg-type]
    finding = Finding(strongest, "x", "warning", 0.9, "train/loss", 0, 1, 1, "")
    prescription = causes.load(name).prescribe(causes.Case({strongest: finding}, config))
    if prescription.patch is not None:
        changed = prescription.patch.apply(recipe)
        assert changed.to_dict() != recipe.to_dict()
    assert set(prescription.advice) == {"any", "hf", "lightning", "keras"}
    assert prescription.expect
    assert prescription.refuted_if


@pytest.mark.parametrize("name", CAUSES)
def test_without_a_recipe_there_is_advice_and_no_patch(name: str) -> None:
    finding = Finding("OPT101", "x", "warning", 0.9, "train/loss", 0, 1, 1, "")
    assert causes.load(name).prescribe(causes.Case({"OPT101": finding}, {})).patch is None


def test_files_are_named_like_what_they_hold() -> None:
    for code, file in rules.files().items():
        assert rules.name_of(file.stem) == (code, catalogue.rule_name(code))
        assert isinstance(file, Path)
