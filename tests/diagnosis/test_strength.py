"""Settings that are far from what is usual."""

from __future__ import annotations

import math

import pytest

from optcli.diagnosis import strength


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"regularizers.dropout.rate": 0.9}, "a dropout of 0.9"),
        ({"regularizers": [{"name": "dropout", "rate": 0.85}]}, "a dropout of 0.85"),
        ({"regularizers.dropout.rate": 0.5}, ""),
        ({"optimizer.weight_decay": 0.6, "optimizer.name": "momentum"}, "a weight decay of 0.6"),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "adamw"}, ""),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "sgd", "optimizer.decay": "decoupled"}, ""),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "adamw", "optimizer.decay": "l2"}, "a weight decay of 0.1"),
        ({"optimizer.weight_decay": 30.0, "optimizer.name": "AdamW"}, "a weight decay of 30"),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "adam"}, ""),  # Megatron's is AdamW
        ({"optimizer.weight_decay": 0.25, "optimizer.name": "adam"}, "a weight decay of 0.25"),
        ({"optimizer.weight_decay": 0.08, "optimizer.name": "rmsprop"}, "a weight decay of 0.08"),
        ({"optimizer.weight_decay": 0.5, "optimizer.name": "adam"}, "a weight decay of 0.5"),
        ({"optimizer.weight_decay": 0.5}, ""),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "paged_adamw_8bit"}, ""),
        ({"optimizer.weight_decay": 0.1, "optimizer.name": "torch.optim.SGD"}, "a weight decay of 0.1"),
        ({"optimizer.weight_decay": 0.01, "optimizer.name": "sgd"}, ""),
        (
            {"optimizer.weight_decay": 2, "regularizers.dropout.rate": 0.9},
            "a dropout of 0.9 and a weight decay of 2",
        ),
        ({}, ""),
    ],
)
def test_what_holds_a_model_back_far_beyond_the_usual(config, said) -> None:
    assert strength.held_back(config) == said


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ([2, 2], "a width of 2"),
        (4.0, "a width of 4"),
        ([2, 64], ""),
        ([64], ""),
        ([], ""),
        (None, ""),
        ("2", ""),
        (True, ""),
    ],
)
def test_a_width_of_hardly_any_units(hidden, said) -> None:
    assert strength.narrow({"model.hidden": hidden}) == said


@pytest.mark.parametrize(("factor", "said"), [(0.03, "0.03 times the width"), (0.25, ""), (0, ""), ("x", "")])
def test_a_factor_that_leaves_hardly_any_width(factor, said) -> None:
    assert strength.narrow({"model.width_factor": factor}) == said


@pytest.mark.parametrize(
    ("name", "rate", "decades"),
    [
        ("adam", 1e-3, 0.0),
        ("momentum", 5.0, 2.0),
        ("torch.optim.SGD", 0.0005, -2.0),
        ("odd", 0.01, 0.0),
        ("odd", 5.0, 2.0),
    ],
)
def test_decades_from_the_usual_rate(name, rate, decades) -> None:
    assert strength.rate_off({"optimizer.name": name}, rate) == pytest.approx(decades)


def test_no_rate_is_not_off() -> None:
    assert strength.rate_off({}, math.nan) == strength.rate_off({}, 0.0) == 0.0


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, False),
        ({"facts.pretrained": 1}, True),
        ({"model": {"name": "timm", "pretrained": True}}, True),
        ({"model.pretrained": False}, False),
    ],
)
def test_a_net_that_was_trained_before(config, said) -> None:
    assert strength.tuned(config) is said


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"facts.mixed": 1}, True),
        ({"regularizers": {"mixup": {"alpha": 0.2}}}, True),
        ({"regularizers": {"sam": {}}}, False),
    ],
)
def test_blended_samples_are_known(config, told) -> None:
    assert strength.mixed(config) is told
