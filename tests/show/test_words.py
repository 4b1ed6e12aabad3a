import math

import pytest

from optcli.diagnosis.diagnosis import Diagnosis, Evidence, Finding, Prescription
from optcli.run.curve import Note
from optcli.show import words
from optcli.show.report import Report


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"), (1200.0, "1,200"), (0.123456, "0.1235"), (3e-7, "3e-7"), (1.5e12, "1.5e12"), (-2.0, "-2"),
        (math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"), (1e6, "1e6"),
    ],
)  # fmt: skip
def test_number(value: float, shown: str) -> None:
    assert words.number(value) == shown


def test_numbers_get_the_digits_that_tell_them_apart() -> None:
    assert words.numbers([2.30051, 2.30052]) == ["2.30051", "2.30052"]
    assert words.numbers([1.0, 0.123456]) == ["1", "0.1235"]
    assert words.numbers([3.0, 3.0]) == ["3", "3"]


def test_steps(sick: Report) -> None:
    nan, swings, _ = sick.diagnosis.findings
    assert words.steps(nan) == "step 901"
    assert words.steps(swings) == "steps 400–700"
    assert words.step(12345.5) == "12,345.5"
    assert words.plain(12345.0) == "12345"


def test_count() -> None:
    assert [words.count(n, "point") for n in (0, 1, 5000)] == ["0 points", "1 point", "5,000 points"]


def test_figures_leave_out_what_was_not_measured() -> None:
    evidence = {
        "turn_rate": Evidence(0.61, "1"),
        "over_chance": Evidence(math.nan, "1"),
        "swing": Evidence(20, "sigma"),
    }
    found = Finding("OPT101", "x", "warning", 0.9, "train/loss", 1, 2, 2, "", evidence)
    assert words.figures(found) == "turn rate 0.61 · swing 20 sigma"


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [(0.4081, "of the drop", "gap 41 % of the drop"), (20.32, "of the drop", "gap 2,032 % of the drop"),
     (0.00123, "of the start", "gap 0.12 % of the start"), (3.0, "steps", "gap 3 steps")],
)  # fmt: skip
def test_a_share_is_said_in_percent(value: float, unit: str, shown: str) -> None:
    assert words.figure("gap", Evidence(value, unit)) == shown


@pytest.mark.parametrize(
    ("name", "unit", "shown"),
    [("points", "points", "points 2"), ("best_step", "steps", "best step 2"), ("rise_sigma", "sigma", "rise sigma 2"),
     ("steps_left", "steps", "steps left 2 steps")],
)  # fmt: skip
def test_a_unit_that_the_name_says_is_not_said_twice(name: str, unit: str, shown: str) -> None:
    assert words.figure(name, Evidence(2.0, unit)) == shown


def test_only_what_is_certain_is_100_percent() -> None:
    assert [words.share(value) for value in (0, 0.934, 0.9999, 1)] == ["0 %", "93 %", "99 %", "100 %"]


def test_a_long_command_goes_over_several_lines() -> None:
    typed = ["optcli", "train", "a b.yaml", "optimizer.lr=1"]
    assert words.folded(typed, 80) == ["optcli train 'a b.yaml' optimizer.lr=1"]
    assert words.folded(typed, 30) == ["optcli train 'a b.yaml' \\", "    optimizer.lr=1"]


def test_assignments_are_typed_as_they_are_read() -> None:
    patch = {
        "optimizer.lr": 3e-4,
        "optimizer.name": "adam",
        "regularizers.l1": None,
        "model.hidden": [64, 64],
        "a": True,
    }
    assert words.assignments(patch) == [
        "optimizer.lr=0.0003", "optimizer.name=adam", "regularizers.l1=null", "model.hidden=[64, 64]", "a=true",
    ]  # fmt: skip
    assert words.typed(["optcli", "train", "a b.yaml", "model.hidden=[64, 64]"]) == (
        "optcli train 'a b.yaml' 'model.hidden=[64, 64]'"
    )


def test_advice_says_what_the_argument_is_called_elsewhere() -> None:
    names = {
        "hf": "halve it: `learning_rate`",
        "lightning": "halve it: `lr`",
        "keras": "halve it; twice",
        "jax": "scale it",
    }
    told = Prescription(None, {}, {"any": "halve it", **names}, "safe", "", "if it stays")
    assert words.advice(told) == {
        "do": "halve it",
        "refuted if": "it stays",
        "in Keras": "twice",
        "in jax": "scale it",
        "known as": "`learning_rate` (Hugging Face), `lr` (Lightning)",
    }


def test_title_keeps_non_finite_together() -> None:
    assert words.title("non-finite-loss") == "non-finite loss"
    assert words.title("learning-rate-too-high") == "learning rate too high"


def test_the_headline_is_the_worst_that_stands(sick: Report, healthy: Report, unreadable: Report) -> None:
    assert words.headline(sick.diagnosis) == "non-finite loss in train/loss from step 901"
    assert words.headline(healthy.diagnosis) == "nothing to act on in 2,020 points"
    assert words.headline(unreadable.diagnosis) == "not a regular file"
    silent = Diagnosis("x", "csv", "unknown", 3, abstained={"OPT101": "too few points"})
    assert words.headline(silent) == "too few points"
    noted = Diagnosis(
        "x", "csv", "unknown", 3, notes=(Note("RUN702", "a"), Note("RUN704", "3 points: too few to judge"))
    )
    assert words.headline(noted) == "3 points: too few to judge"
    assert words.headline(Diagnosis("x", "csv", "unknown", 3)) == "too little evidence to judge"


def test_findings_are_ordered_worst_surest_earliest(sick: Report) -> None:
    assert [f.code for f in words.ordered(sick.diagnosis)] == ["NUM301", "OPT101", "OPT107"]
