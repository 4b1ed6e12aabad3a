"""Settings by the names that people give them."""

from __future__ import annotations

import pytest

from optcli.run.params import known


def test_names_and_numbers() -> None:
    found = known({"learning_rate": "1e-3", "batch_size": 32, "optimizer": "adamw", "epochs": None, "seed": 3})
    assert found == {"optimizer.lr": 1e-3, "data.batch_size": 32.0, "optimizer.name": "adamw"}


def test_a_settings_group_is_no_value() -> None:
    assert known({"optimizer": {"name": "adam"}, "lr": ""}) == {}


def test_widths_and_switches() -> None:
    """A lone `hidden` counts layers as often, and `width` is that of images, or a factor."""
    assert known({"hidden": [2, 2], "drop": 0.9}) == {"model.hidden": [2, 2], "regularizers.dropout.rate": 0.9}
    assert known({"hidden": [2, "x"], "drop": True, "d_model": 4}) == {"model.hidden": 4.0}
    assert known({"hidden": 2, "width": 0.25}) == {}
    assert known({"width_mult": 0.25, "num_units": "8"}) == {"model.width_factor": 0.25, "model.hidden": 8.0}


@pytest.mark.parametrize(("model", "linear"), [("LogisticRegression", True), ("sgdreg", True), ("mlp", False)])
def test_models_without_a_hidden_layer(model: str, linear: bool) -> None:
    assert ("facts.linear" in known({"model": model})) is linear


def test_a_batch_of_one_device_is_told_apart() -> None:
    assert known({"per_device_train_batch_size": 1}) == {"data.batch_size": 1.0, "facts.per_device": 1}
    assert known({"batch_size": 1, "accum_iter": 16}) == {"data.batch_size": 1.0, "train.accumulate": 16.0}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"pretrained": True}, True),
        ({"pretrained": "weights/a.pt"}, True),
        ({"finetune": "False"}, False),
        ({"pretrained": None}, False),
        ({"init": "pretrained"}, True),
        ({"init": "xavier"}, False),
        ({"init_from": "gpt2-xl"}, True),
        ({"init_from": "scratch"}, False),
    ],
)
def test_a_net_that_was_trained_before(params, told) -> None:
    assert ("facts.pretrained" in known(params)) is told


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"mixup": 0.2}, True),
        ({"cutmix_alpha": "1.0"}, True),
        ({"mixup": True}, True),
        ({"mixup": 0.0, "cutmix": False}, False),
        ({"mosaic": 1.0}, False),
    ],
)
def test_samples_that_are_blended(params, told) -> None:
    assert ("facts.mixed" in known(params)) is told
