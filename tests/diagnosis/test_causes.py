"""Which cause comes first."""

from dataclasses import replace

import numpy as np
import pytest

from optcli.diagnosis import causes, engine
from optcli.diagnosis.diagnosis import Evidence, Finding

RECIPE = {"model.name": "mlp", "optimizer.lr": 0.1, "optimizer.weight_decay": 0.0, "data.batch_size": 32}


def finding(code: str, confidence: float = 0.9, **figures: float) -> Finding:
    evidence = {name: Evidence(value, "1") for name, value in figures.items()}
    return Finding(code, "x", "warning", confidence, "train/loss", 0, 1, 1, "", evidence)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ([finding("OPT104", peak=1.3, trend=0.0)], "learning-rate-too-high"),
        ([finding("OPT104", peak=1.0, trend=-9.0)], "learning-rate-too-low"),
        ([finding("OPT104", peak=3.0, trend=-9.0, fall=-0.1)], "learning-rate-too-high"),
        ([finding("OPT104", peak=1.0, trend=1.0, fall=-0.06, val_trend=-126.0)], "learning-rate-too-low"),
        ([finding("OPT104", peak=1.0, trend=1.0, fall=-0.06, val_trend=-9.0)], "not-connected"),
        ([finding("ARC503", layers=1.0), finding("OPT104", peak=1.0, trend=0.0)], "dead-activation"),
        ([finding("OPT104", peak=1.0, trend=0.0, frozen=1.0)], "not-connected"),
        ([finding("OPT104", peak=1.0, trend=0.0, grad_norm=0.0)], "not-connected"),
        ([finding("NUM301", loss_rise=1.0, finite_before=90)], "numerical-instability"),
        ([finding("NUM301", loss_rise=900.0, finite_before=90), finding("OPT102")], "learning-rate-too-high"),
        ([finding("NUM301", loss_rise=5.0, finite_before=90)], "numerical-instability"),
        ([finding("NUM301", lr_ratio=50.0, finite_before=90)], "learning-rate-too-high"),
        ([finding("NUM301", lr_ratio=3.0, finite_before=1)], "numerical-instability"),  # a warm-up begins
        ([finding("OPT108", lr_ratio=1.0)], "bad-batch"),
        ([finding("OPT108", share=9.0, val_share=0.8)], "learning-rate-too-high"),  # the weights went
        ([finding("OPT108", share=9.0, val_share=0.02)], "bad-batch"),
        (
            [finding("OPT108", share=9.0, recovered=0.0), finding("OPT102", over_start=1.1)],  # it settles at a guess
            "learning-rate-too-high",
        ),
        ([finding("OPT108", share=9.0, recovered=0.0), finding("OPT102", over_start=0.5)], "bad-batch"),
        ([finding("OPT108", share=9.0, val_share=0.02, val_rise=0.6)], "learning-rate-too-high"),
        ([finding("OPT108", share=9.0, val_share=0.8, lr_ratio=1.0)], "bad-batch"),  # the rate is known
        ([finding("OPT108", share=2.0, val_share=0.8, recovered=0.0)], "bad-batch"),
        ([finding("OPT108", lr_ratio=60.0)], "learning-rate-too-high"),
        ([finding("OPT102", lr_ratio=1.2), finding("OPT108", lr_ratio=1.0)], "learning-rate-too-high"),
        ([finding("OPT102", lr_ratio=1.0), finding("OPT108", lr_ratio=1.0)], "bad-batch"),
        ([finding("GEN203", val_fell=0.8), finding("GEN201", train_left=0.05)], "overfit-to-data"),
        ([finding("GEN203", val_fell=0.1)], "validation-shift"),
        ([finding("OPT109"), finding("OPT104", peak=1.0, trend=0.0)], "schedule-ended-early"),
        ([finding("OPT106")], "too-few-steps"),
        ([finding("OPT103")], "learning-rate-too-low"),
        ([finding("DAT405"), finding("OPT101")], "data-order"),
        ([finding("GEN206")], "leaky-validation"),
        ([finding("OPT110"), finding("OPT103")], "clipping-too-tight"),
    ],
)
def test_the_likeliest_explanation_comes_first(found, name) -> None:
    ranked = causes.rank(found, {})
    assert ranked[0].name == name
    assert [c.weight for c in ranked] == sorted((c.weight for c in ranked), reverse=True)
    assert len(ranked) <= causes.MOST


STUCK = {"peak": 1.0, "trend": 0.0}
LEAPT = [finding("ARC502"), finding("OPT102", lr_ratio=1.0), finding("OPT108", lr_ratio=1.0)]
FAR_OFF = [finding("GEN201", train_left=0.9, above=-0.3), finding("GEN203", val_fell=0.0), finding("GEN207")]
BY_HEART = [finding("GEN201", train_left=0.3), finding("GEN203", val_fell=0.7)]
CHANCE = {"start": 2.303}


@pytest.mark.parametrize(
    ("found", "signs", "name"),
    [
        ([finding("OPT103")], {"efficiency": 0.01}, "clipping-too-tight"),
        ([finding("OPT103")], {"efficiency": 20.0}, "learning-rate-too-low"),
        ([finding("OPT104", peak=1.0, trend=-9.0)], {"efficiency": 0.01}, "clipping-too-tight"),
        ([finding("OPT104", **STUCK)], {"efficiency": 0.01}, "not-connected"),
        (
            [finding("OPT104", **STUCK), finding("GEN204")],
            {**CHANCE, "train_accuracy": 0.6, "val_accuracy": 0.6},
            "too-much-regularization",
        ),
        (
            [finding("OPT104", **STUCK), finding("GEN204")],
            {**CHANCE, "train_accuracy": 0.1, "val_accuracy": 0.1},
            "not-connected",
        ),
        ([finding("OPT104", peak=1.0, trend=-9.0)], {"followed": 0.1}, "not-connected"),
        ([finding("OPT104", peak=1.0, trend=-9.0, val_trend=-30.0)], {"followed": 0.1}, "learning-rate-too-low"),
        ([finding("OPT104", peak=1.0, trend=-9.0)], {"followed": 0.9}, "learning-rate-too-low"),
        ([finding("GEN204")], {"lr_peak": 1e-5}, "learning-rate-too-low"),
        ([finding("GEN204")], {"lr_peak": 1e-3}, "too-much-regularization"),
        ([finding("GEN203", val_fell=0.5), finding("GEN201", train_left=0.05)], {"gap_early": 1.5}, "validation-shift"),
        ([finding("GEN203", val_fell=0.5), finding("GEN201", train_left=0.05)], {"gap_early": 0.1}, "overfit-to-data"),
        ([finding("GEN201", train_left=0.7), finding("GEN203", val_fell=0.7)], CHANCE, "label-noise"),
        ([finding("GEN201", train_left=0.7), finding("GEN203", val_fell=0.7)], {"start": 10.8}, "overfit-to-data"),
        ([finding("GEN201", train_left=4.0)], CHANCE, "overfit-to-data"),
        ([finding("GEN201", train_left=0.9, above=0.3)], CHANCE, "label-noise"),
        ([finding("GEN201", train_left=0.9, above=-0.1), finding("GEN203", val_fell=0.1)], CHANCE, "validation-shift"),
        (BY_HEART, {"gap_early": 0.3, "accuracy_lost": 0.12}, "label-noise"),
        (BY_HEART, {"gap_early": 0.3, "accuracy_lost": 0.0}, "overfit-to-data"),
        ([BY_HEART[0], finding("GEN203", val_fell=0.1)], {"accuracy_lost": 0.12}, "validation-shift"),
        ([BY_HEART[0], finding("GEN203", val_fell=0.1)], {"training_set": 40}, "overfit-to-data"),
        ([BY_HEART[0], finding("GEN203", val_fell=0.1)], {"training_set": 4000}, "validation-shift"),
        (BY_HEART, {"gap_early": 0.4, "passes": 2.0}, "validation-shift"),  # too soon for learning by heart
        (BY_HEART, {"gap_early": 0.4, "passes": 12.0}, "overfit-to-data"),
        (BY_HEART, {"gap_early": 0.1, "passes": 2.0}, "overfit-to-data"),
        ([BY_HEART[0], finding("GEN203", val_fell=0.1)], {"gap_early": 0.4, "passes": 12.0}, "overfit-to-data"),
        ([BY_HEART[0], finding("GEN203", val_fell=0.1)], {"gap_early": 1.4, "passes": 12.0}, "validation-shift"),
        ([finding("OPT103", late_over_early=1.8), finding("OPT106")], {}, "too-few-steps"),
        ([finding("OPT103", late_over_early=0.8), finding("OPT106")], {"epochs": 4.0}, "too-few-steps"),
        ([finding("OPT103", late_over_early=0.8), finding("OPT106")], {"epochs": 40.0}, "learning-rate-too-low"),
        ([finding("OPT103", late_over_early=0.8), finding("OPT106")], {}, "learning-rate-too-low"),
    ],
)
def test_signs_of_the_run_tell_look_alikes_apart(found, signs, name) -> None:
    assert causes.rank(found, {}, signs)[0].name == name


def test_what_has_healed_counts_for_half() -> None:
    healed = replace(finding("OPT101"), healed_at=9.0)
    (whole, half) = (next(iter(causes.rank([f], {}))).weight for f in (finding("OPT101"), healed))
    assert 0.4 < half < whole


def test_a_collapse_is_never_answered_by_a_higher_rate() -> None:
    for cause in causes.rank([finding("OPT104", peak=1.3, trend=0.0)], RECIPE):
        assert cause.prescription.relative.get("lr", 1.0) <= 1.0


def test_patches_carry_round_numbers_and_keep_whole_ones_whole() -> None:
    (first, *_) = causes.rank([finding("OPT101")], {**RECIPE, "optimizer.lr": 0.00123})
    assert dict(first.prescription.patch or {}) == {"optimizer.lr": 0.00037}
    batch = next(c for c in causes.rank([finding("OPT111")], RECIPE) if c.name == "batch-too-small")
    assert dict(batch.prescription.patch or {}) == {"data.batch_size": 128}


@pytest.mark.parametrize(
    ("activation", "patch"), [("relu", {"model.activation": "leaky_relu"}), ("gelu", {"optimizer.lr": 0.03})]
)
def test_dead_units_get_another_activation_where_they_have_a_relu(activation, patch) -> None:
    (first, *_) = causes.rank([finding("ARC503", layers=1.0)], {**RECIPE, "model.activation": activation})
    assert dict(first.prescription.patch or {}) == patch


@pytest.mark.parametrize(
    ("settings", "patch"),
    [
        ({"optimizer.weight_decay": 0.0, "regularizers": []}, None),
        ({"optimizer.weight_decay": 0.0, "regularizers": [{"name": "early_stopping", "patience": 3}]}, None),
        ({"optimizer.weight_decay": 0.5, "regularizers": []}, {"optimizer.weight_decay": 0.0}),
        (
            {"optimizer.weight_decay": 0.0, "regularizers": [{"name": "dropout", "rate": 0.9}, {"name": "l1"}]},
            {"regularizers.dropout": None, "regularizers.l1": None},
        ),
    ],
)
def test_regularization_is_to_blame_where_there_is_some(settings, patch) -> None:
    ranked = causes.rank([finding("GEN204"), finding("GEN205")], {**RECIPE, "optimizer.lr": 1e-3, **settings})
    told = [c.prescription.patch for c in ranked if c.name == "too-much-regularization"]
    assert [dict(p.changes) for p in told if p] == ([patch] if patch else [])
    assert len(told) == (patch is not None)


def test_what_a_recipe_does_already_is_not_prescribed_again() -> None:
    found = [finding("OPT108", lr_ratio=1.0)]
    clipped = {**RECIPE, "regularizers": [{"name": "clip_norm", "max_norm": 1.0}]}
    (before, after) = (causes.rank(found, config)[0].prescription for config in (RECIPE, clipped))
    assert dict(before.patch or {}) == {"regularizers.clip_norm.max_norm": 1.0}
    assert (after.patch, after.relative) == (None, {})
    found = [finding("GEN201", train_left=0.05)]
    stopped = {**RECIPE, "optimizer.weight_decay": 0.3, "regularizers": [{"name": "early_stopping", "patience": 3}]}
    (before, after) = (causes.rank(found, config)[0].prescription for config in (RECIPE, stopped))
    assert dict(before.patch or {}) == {"regularizers.early_stopping.patience": 3, "optimizer.weight_decay": 0.01}
    assert (after.patch, after.relative) == (None, {})


def test_no_finding_no_cause() -> None:
    assert causes.rank([], RECIPE) == ()


def test_info_alone_explains_nothing(make) -> None:
    flat = 0.5 + 2.2 * np.exp(-np.arange(400) / 15) + 0.01 * np.random.default_rng(0).normal(size=400)
    diagnosis = engine.diagnose(make({"train/loss": flat}))
    assert {f.code for f in diagnosis.findings} == {"OPT107"}
    assert diagnosis.causes == ()


def test_what_explains_a_nan_stands_first_though_something_else_is_surer() -> None:
    found = [replace(finding("NUM301"), confidence=0.6), replace(finding("OPT106"), confidence=0.99)]
    first, *_ = causes.rank(found, {})
    assert first.name in {"numerical-instability", "learning-rate-too-high"}
    healed = [replace(found[0], healed_at=9.0), found[1]]
    assert causes.rank(healed, {})[0].name == "too-few-steps"


@pytest.mark.parametrize("sign", ["gap_first", "gap_epoch"])
@pytest.mark.parametrize(("first", "name"), [(0.05, "overfit-to-data"), (0.9, "validation-shift")])
def test_a_first_validation_that_was_good_already_speaks_against_another_kind_of_data(first, name, sign) -> None:
    found = [finding("GEN201"), finding("GEN203", val_fell=0.1)]
    assert causes.rank(found, {}, {sign: first})[0].name == name


def test_of_opposite_causes_only_the_likelier_is_told() -> None:
    names = [cause.name for cause in causes.rank([finding("OPT106")], {})]
    assert {"too-few-steps", "learning-rate-too-low"} <= set(names)
    assert "learning-rate-too-high" not in names


@pytest.mark.parametrize(
    ("first", "name"), [("target", "numerical-instability"), ("layers.0", "learning-rate-too-high")]
)
def test_where_the_data_hold_nan_no_rate_is_to_blame(first, name) -> None:
    found = [finding("NUM301", loss_rise=900.0, finite_before=4), finding("OPT102")]
    assert causes.rank(found, {"facts.first_bad": first})[0].name == name


@pytest.mark.parametrize(("lr", "better"), [(3.0, 0.001), (0.2, 0.001), (0.01, 0.003)])
def test_a_rate_far_from_the_usual_goes_back_to_it_at_once(lr, better) -> None:
    config = {**RECIPE, "optimizer.name": "adam", "optimizer.lr": lr}
    cause = causes.rank([finding("OPT102"), finding("OPT101")], config)[0]
    assert cause.name == "learning-rate-too-high"
    assert dict(cause.prescription.patch or {}) == {"optimizer.lr": better}


@pytest.mark.parametrize(
    ("found", "config", "signs", "name"),
    [
        (
            [finding("NUM301", finite_before=1)],
            {"optimizer.lr": 9.0, "optimizer.name": "momentum"},
            {},
            "learning-rate-too-high",
        ),
        (
            [finding("NUM301", finite_before=1)],
            {"optimizer.lr": 0.03, "optimizer.name": "momentum"},
            {},
            "numerical-instability",
        ),
        ([finding("OPT106")], {"optimizer.lr": 2e-5, "optimizer.name": "rmsprop"}, {}, "learning-rate-too-low"),
        ([finding("OPT106")], {"optimizer.lr": 1e-3, "optimizer.name": "rmsprop"}, {}, "too-few-steps"),
        ([finding("GEN205")], {}, {"gap_early": -1.4}, "label-noise"),
        ([finding("GEN204", change=-0.01)], {}, {}, "too-much-regularization"),
        ([finding("GEN204", change=-0.01)], {"optimizer.lr": 1e-3}, {}, "too-small-model"),  # nothing holds it back
        ([finding("GEN205")], {}, {"gap_early": -0.3}, "too-much-regularization"),
        ([finding("GEN205")], {"optimizer.lr": 1e-3}, {"gap_early": -0.3}, "label-noise"),  # nothing holds it back
        (
            [finding("GEN205")],
            {"optimizer.lr": 1e-3, "regularizers.dropout.rate": 0.5},
            {"gap_early": -0.3},
            "too-much-regularization",
        ),
        ([finding("ARC502", piles=1.0), finding("OPT102"), finding("OPT108")], {}, {}, "gradients-kept"),
        ([finding("ARC502", norm=400.0)], {}, {}, "scale-too-large"),
        ([finding("ARC502", norm=400.0), finding("OPT108")], {}, {}, "scale-too-large"),
        ([finding("OPT102"), finding("NUM301", loss_rise=900.0)], {}, {"oversized": 157.0}, "scale-too-large"),
        (
            [finding("OPT102"), finding("NUM301", loss_rise=900.0)],
            {"optimizer.lr": 9.0, "optimizer.name": "momentum"},
            {"oversized": 157.0},
            "learning-rate-too-high",
        ),
        (LEAPT, {}, {}, "bad-batch"),
        (LEAPT, {"optimizer.lr": 14.0, "optimizer.name": "momentum"}, {}, "learning-rate-too-high"),
        ([finding("OPT104", **STUCK)], {"optimizer.lr": 1e-3, "optimizer.name": "adamw"}, {}, "not-connected"),
        ([finding("OPT104", **STUCK)], {"optimizer.lr": 0.09, "optimizer.name": "adamw"}, {}, "learning-rate-too-high"),
        ([finding("OPT104", **STUCK, frozen=1.0), finding("GEN204")], {}, {}, "not-connected"),
        (FAR_OFF, {}, {"gap_early": 2.0, "gap_epoch": 0.04, "begun": 0.9}, "overfit-to-data"),
        (FAR_OFF, {}, {"gap_early": 2.0, "gap_epoch": 0.04, "begun": 0.3}, "validation-shift"),
        (BY_HEART, {}, {"gap_early": 0.4, "training_set": 150}, "overfit-to-data"),
    ],
)
def test_settings_and_signs_decide_between_two(found, config, signs, name) -> None:
    assert causes.rank(found, config, signs)[0].name == name
