"""What the course of the whole run tells of its causes."""

from dataclasses import replace

import pytest

from optcli.diagnosis import causes
from optcli.diagnosis.diagnosis import Evidence, Finding


def finding(code: str, confidence: float = 0.9, **figures: float) -> Finding:
    evidence = {name: Evidence(value, "1") for name, value in figures.items()}
    return Finding(code, "x", "warning", confidence, "train/loss", 0, 1, 1, "", evidence)


@pytest.mark.parametrize(
    ("first", "signs", "name"),
    [
        (400.0, {"first_step": 0.0, "last_step": 1000.0, "lr_rise": 1.0}, "bad-batch"),
        (40.0, {"first_step": 0.0, "last_step": 1000.0, "lr_rise": 1.0}, "learning-rate-too-high"),
        (400.0, {"first_step": 0.0, "last_step": 1000.0, "lr_rise": 30.0}, "learning-rate-too-high"),
        (400.0, {}, "learning-rate-too-high"),
    ],
)
def test_a_leap_after_a_long_calm_at_an_unchanged_rate_is_the_datas(first, signs, name) -> None:
    found = [
        replace(finding(code, lr_ratio=1.0), first=at)
        for code, at in (("OPT101", first + 20), ("OPT102", first), ("OPT108", first))
    ]
    assert causes.rank(found, {}, signs)[0].name == name


@pytest.mark.parametrize(("at", "name"), [(0.02, "learning-rate-too-high"), (0.3, "bad-batch")])
def test_trouble_from_the_start_is_no_single_batchs(at, name) -> None:
    codes = ("OPT101", "OPT108", "ARC502")
    found = [replace(finding(code, lr_ratio=1.0), first=1000.0 * at, confidence=0.8) for code in codes]
    signs = {"first_step": 0.0, "last_step": 1000.0, "lr_rise": 1.0}
    assert causes.rank(found, {}, signs)[0].name == name


@pytest.mark.parametrize(
    ("epochs", "lr", "name"),
    [(40.0, 1e-5, "learning-rate-too-low"), (40.0, 1e-3, "too-few-steps"), (4.0, 1e-5, "too-few-steps")],
)
def test_after_many_passes_at_a_low_rate_no_steps_lack(epochs, lr, name) -> None:
    config = {"optimizer.name": "adamw", "optimizer.lr": lr}
    assert causes.rank([finding("OPT106")], config, {"epochs": epochs})[0].name == name


@pytest.mark.parametrize(
    ("left", "narrow", "name"),
    [(0.95, 0.0, "not-connected"), (0.95, 1.0, "too-small-model"), (0.6, 0.0, "too-small-model")],
)
def test_a_net_that_learned_next_to_nothing_is_not_too_small(left, narrow, name) -> None:
    """As where the optimizer holds the last bias alone; unless its layers are known to have hardly any units."""
    found = [finding("GEN204", left=left, narrow=narrow, change=-0.1)]
    told = {cause.name for cause in causes.rank(found, {})}
    assert told & {"not-connected", "too-small-model"} == {name}


@pytest.mark.parametrize(
    ("figures", "signs", "name"),
    [
        ({"lr_ratio": 2.2, "rate": 0.02, "finite_before": 12.0}, {}, "numerical-instability"),  # a warm-up
        ({"lr_ratio": 2.2, "rate": 1.2, "finite_before": 12.0}, {}, "learning-rate-too-high"),
        ({"lr_ratio": 50.0, "rate": 0.0, "finite_before": 12.0}, {}, "learning-rate-too-high"),
        ({"rate": 1.6, "finite_before": 0.0}, {}, "learning-rate-too-high"),
        ({"rate": 1.6, "finite_before": 0.0}, {"untrained": 1.0}, "numerical-instability"),
    ],
)
def test_a_rate_makes_no_nan_before_it_is_high_or_before_the_first_step(figures, signs, name) -> None:
    config = {"optimizer.name": "adamw", "optimizer.lr": 0.03}
    assert causes.rank([finding("NUM301", 0.99, **figures)], config, signs)[0].name == name


@pytest.mark.parametrize(
    ("lr", "signs", "name"),
    [
        (1e-3, {"born_huge": 2e4}, "scale-too-large"),
        (0.5, {"born_huge": 2e4}, "learning-rate-too-high"),  # 500 times the usual rate explains it, too
        (1e-3, {}, "numerical-instability"),
    ],
)
def test_a_huge_first_loss_that_becomes_no_number_is_one_of_scale(lr, signs, name) -> None:
    config = {"optimizer.name": "adam", "optimizer.lr": lr}
    found = [finding("NUM301", 0.99, finite_before=1.0), finding("OPT102", 0.9)]
    assert causes.rank(found, config, signs)[0].name == name


@pytest.mark.parametrize(
    ("lr", "peak", "name"),
    [(0.0, 3e-4, "schedule-ended-early"), (0.0, 0.0, "not-connected"), (3e-4, 3e-4, "not-connected")],
)
def test_a_rate_that_went_to_0_explains_a_loss_that_stands_still(lr, peak, name) -> None:
    found = [finding("OPT104", lr=lr, lr_peak=peak, frozen=1.0, noise=0.0, fall=0.0)]
    assert causes.rank(found, {})[0].name == name


@pytest.mark.parametrize(
    ("fall", "noise", "name"),
    [(0.056, 0.0, "schedule-ended-early"), (0.056, 0.02, "not-connected"), (1e-4, 0.0, "not-connected")],
)
def test_a_first_epoch_unlike_all_others_shows_that_the_rate_was_not_0_then(fall, noise, name) -> None:
    """Where it was logged at the epochs' ends only."""
    found = [finding("OPT104", lr=0.0, lr_peak=0.0, frozen=1.0, noise=noise, fall=fall)]
    assert causes.rank(found, {})[0].name == name


@pytest.mark.parametrize(("held", "name"), [(1.0, "too-much-regularization"), (0.0, "not-connected")])
def test_a_decay_far_beyond_the_usual_may_bring_all_to_a_stand_still(held, name) -> None:
    found = [finding("OPT104", frozen=1.0, fall=0.0), finding("GEN204", left=1.0, held=held)]
    config = {"optimizer.name": "momentum", "optimizer.lr": 0.1, "optimizer.weight_decay": 1.0}
    assert causes.rank(found, config)[0].name == name


def test_training_above_validation_on_a_steep_way_down_is_no_sign_of_wrong_labels() -> None:
    found = [finding("GEN205", 0.8, above=0.17, left=0.74), finding("OPT106", 0.8, gain=0.4)]
    assert causes.rank(found, {})[0].name == "too-few-steps"
    assert causes.rank(found[:1], {})[0].name != "too-few-steps"


@pytest.mark.parametrize(
    ("start", "frozen", "name"),
    [(2.8e5, 0.0, "scale-too-large"), (2.8, 0.0, "not-connected"), (2.8e5, 1.0, "not-connected")],
)
def test_an_immense_loss_that_does_not_fall_is_one_of_scale(start, frozen, name) -> None:
    found = [finding("OPT104", frozen=frozen, trend=-1.0)]
    assert causes.rank(found, {"optimizer.name": "adam", "optimizer.lr": 3e-3}, {"start": start})[0].name == name


@pytest.mark.parametrize(
    ("lr", "val_trend", "name"),
    [(1.0, 5.0, "learning-rate-too-high"), (1.0, 0.0, "not-connected"), (1e-3, 5.0, "not-connected")],
)
def test_one_answer_at_a_rate_that_no_net_bears_is_the_rates(lr, val_trend, name) -> None:
    found = [finding("OPT104", frozen=1.0, noise=0.0, fall=0.0, val_trend=val_trend)]
    assert causes.rank(found, {"optimizer.name": "adamw", "optimizer.lr": lr}, {})[0].name == name
